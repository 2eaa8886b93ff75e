//! Pages of lists.

use mcp_lambda::Definition;
use rmcp::model::{
    ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, PaginatedRequestParams,
    Resource, ServerCapabilities, ServerConfig,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde_json::{Value, json};

use crate::event_source::{Function, event};

/// Has two pages of resources, and one of everything else, for which it ignores the cursor.
struct Library;

impl ServerHandler for Library {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_prompts()
            .enable_resources();
        ServerConfig::new(capabilities.build())
    }

    async fn list_resources(
        &self,
        request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let cursor = request.and_then(|request| request.cursor);
        let page =
            |name: &str| ListResourcesResult::with_all_items(vec![Resource::new(name, name)]);
        match cursor.as_deref() {
            None => {
                let mut first = page("test://first");
                first.next_cursor = Some("second".to_owned());
                Ok(first)
            }
            Some("second") => Ok(page("test://second")),
            Some(_) => Err(ErrorData::invalid_params("no such page", None)),
        }
    }

    async fn list_prompts(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        Ok(ListPromptsResult::default())
    }

    async fn list_resource_templates(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        Ok(ListResourceTemplatesResult::default())
    }
}

fn definition() -> Definition<Library> {
    Definition::new("library", "1.0.0", Vec::new(), |(), _| Ok(Library))
}

fn list(method: &str, params: Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": params })
}

#[tokio::test]
async fn a_cursor_that_was_not_given_out_is_refused() {
    let function = Function::start_server(&[], definition).await;
    for method in [
        "tools/list",
        "prompts/list",
        "resources/list",
        "resources/templates/list",
    ] {
        for cursor in [
            json!("garbage"),
            json!(""),
            json!(5),
            json!({}),
            json!(false),
        ] {
            let message = list(method, json!({ "cursor": cursor }));
            for answer in [
                function.call(&message).await,
                function.call_legacy(&message).await,
            ] {
                assert_eq!(
                    (answer.status, &answer.json()["error"]["code"]),
                    (200, &json!(-32602)),
                    "{message}"
                );
            }
            let batch = function.send(&event(&json!([message]), &[])).await.json();
            assert_eq!(batch[0]["error"]["code"], -32602, "{message}");
        }
        for params in [json!({}), json!({ "cursor": null }), Value::Null] {
            let answer = function.call_legacy(&list(method, params)).await;
            assert!(answer.json()["result"].is_object(), "{method}");
        }
    }
}

#[tokio::test]
async fn a_server_with_pages_gives_them_by_its_own_cursors() {
    let function = Function::start_server(&[], definition).await;
    let first = function
        .call(&list("resources/list", json!({})))
        .await
        .json();
    assert_eq!(first["result"]["resources"][0]["uri"], "test://first");
    let cursor = &first["result"]["nextCursor"];
    let second = function
        .call(&list("resources/list", json!({ "cursor": cursor })))
        .await
        .json();
    assert_eq!(second["result"]["resources"][0]["uri"], "test://second");
    assert_eq!(second["result"]["nextCursor"], Value::Null);
}

#[tokio::test]
async fn a_list_that_the_server_does_not_have_is_unknown_with_any_cursor() {
    /// Offers tools alone.
    struct Tools;
    impl ServerHandler for Tools {
        fn get_info(&self) -> ServerConfig {
            ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
        }
    }
    let definition = || Definition::new("tools", "1.0.0", Vec::new(), |(), _| Ok(Tools));
    let function = Function::start_server(&[], definition).await;
    for method in [
        "prompts/list",
        "resources/list",
        "resources/templates/list",
        "tasks/list",
    ] {
        let answer = function
            .call(&list(method, json!({ "cursor": "garbage" })))
            .await;
        assert_eq!(
            (answer.status, &answer.json()["error"]["code"]),
            (404, &json!(-32601)),
            "{method}"
        );
    }
}
