//! Servers made of functions with `#[tool]`.

use std::sync::atomic::{AtomicU32, Ordering};

use mcp_lambda::rmcp::{self, schemars};
use mcp_lambda::{
    Caller, Deadline, Icon, IconTheme, Json, Parameters, Progress, Server, ToolPolicy, tool,
};
use mcp_lambda_testing::serve;
use rmcp::{ErrorData, tool_router};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

mcp_lambda::settings! {
    /// Settings of the kennel.
    struct KennelSettings owned by Server {
        /// Name of the kennel.
        name: String = "KENNEL_NAME" or "Barking House",
    }
}

struct Kennel {
    name: String,
    calls: AtomicU32,
}

/// A dog.
#[derive(Deserialize, Serialize, schemars::JsonSchema)]
struct Dog {
    /// Its name.
    name: String,
    years: Option<u8>,
}

type Found = Result<Json<Dog>, String>;

/// Finds a dog.
///
/// By its name.
#[tool(
    name = "findDog",
    title = "Find dog",
    icon = Icon::data("image/png", b"dog"),
    scope = "dogs.read",
    read_only,
    open_world = false
)]
async fn find_dog(
    kennel: &Kennel,
    /// Name of the dog.
    #[arg(length(min = 1, max = 10))]
    name: String,
    #[arg(default = 3, range(min = 1, max = 20))] years: u8,
    #[serde(rename = "withYears")] with_years: Option<bool>,
    caller: Caller,
) -> Found {
    kennel.calls.fetch_add(1, Ordering::Relaxed);
    if name == "nobody" {
        return Err(format!(
            "{} has no dog nobody, {}",
            kennel.name,
            caller.subject()
        ));
    }
    let years = with_years.unwrap_or(true).then_some(years);
    Ok(Json(Dog { name, years }))
}

/// Adopts a dog.
#[tool(scopes = ["dogs.read", "dogs.write"], idempotent, open_world = false)]
fn adopt(Parameters(dog): Parameters<Dog>, deadline: Deadline, _progress: Progress) -> String {
    assert!(deadline.remaining().is_some(), "it runs on Lambda");
    format!("adopted {}", dog.name)
}

/// Fails.
#[tool(scope = "dogs.read")]
async fn fail() -> Result<String, ErrorData> {
    Err(ErrorData::internal_error("out of dogs", None))
}

#[tool_router]
impl Kennel {
    /// How often dogs were looked for.
    #[rmcp::tool(meta = ToolPolicy::scopes(&["dogs.read"]).meta())]
    async fn calls(&self) -> String {
        self.calls.load(Ordering::Relaxed).to_string()
    }
}

fn server() -> Server<Kennel, KennelSettings> {
    Server::with_app("kennel", "1.2.3", |settings: KennelSettings, _| {
        Ok(Kennel {
            name: settings.name,
            calls: AtomicU32::new(0),
        })
    })
    .title("Kennel")
    .description("Dogs.")
    .website("https://example.com/kennel")
    .icon(
        Icon::at("https://example.com/light.png")
            .sizes(&["48x48"])
            .theme(IconTheme::Light),
    )
    .instructions("Ask for dogs.")
    .scope("dogs.read", "Read dogs")
    .scope("dogs.write", "Change dogs")
    .tool(find_dog)
    .tool(adopt)
    .tool(fail)
    .router(Kennel::tool_router())
}

#[test]
fn the_contract_has_what_the_functions_say() {
    let contract = json!(server().contract().unwrap());
    let tools = contract["tools"].as_array().unwrap();
    let names: Vec<&Value> = tools.iter().map(|tool| &tool["name"]).collect();
    assert_eq!(names, ["findDog", "adopt", "fail", "calls"]);
    let find = &tools[0];
    assert_eq!(find["title"], "Find dog");
    assert_eq!(find["description"], "Finds a dog.\n\nBy its name.");
    assert_eq!(
        find["annotations"],
        json!({ "readOnlyHint": true, "openWorldHint": false })
    );
    assert_eq!(
        find["icons"],
        json!([{ "src": "data:image/png;base64,ZG9n", "mimeType": "image/png" }])
    );
    assert_eq!(find["scopes"], json!(["dogs.read"]));
    assert_eq!(find["inputSchema"]["required"], json!(["name"]));
    assert_eq!(
        find["inputSchema"]["properties"],
        json!({
            "name": { "type": "string", "description": "Name of the dog.", "minLength": 1, "maxLength": 10 },
            "years": { "type": "integer", "format": "uint8", "default": 3, "minimum": 1, "maximum": 20 },
            "withYears": { "type": ["boolean", "null"] },
        })
    );
    assert_eq!(
        find["outputSchema"]["properties"]["name"]["description"],
        "Its name."
    );
    assert_eq!(tools[1]["title"], "Adopt", "its name as words");
    assert_eq!(
        tools[1]["annotations"],
        json!({ "readOnlyHint": false, "idempotentHint": true, "openWorldHint": false })
    );
    assert_eq!(tools[1]["scopes"], json!(["dogs.read", "dogs.write"]));
    assert_eq!(tools[1]["inputSchema"]["required"], json!(["name"]));
    assert_eq!(tools[2]["inputSchema"]["properties"], json!({}));
    assert_eq!(tools[2]["outputSchema"], Value::Null);
    let settings = contract["settings"].as_array().unwrap();
    assert_eq!(settings.last().unwrap()["name"], "KENNEL_NAME");
}

#[test]
fn the_contract_says_what_directories_would_refuse() {
    let contract = json!(server().contract().unwrap());
    let findings = contract["directory"].as_array().unwrap();
    let findings: Vec<_> = findings
        .iter()
        .map(|finding| {
            (
                finding["about"].as_str().unwrap(),
                finding["rule"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        findings,
        [
            ("tool adopt", "tool-hints"),
            ("tool fail", "tool-hints"),
            // `#[rmcp::tool]` makes no title.
            ("tool calls", "tool-title"),
            ("tool calls", "tool-hints"),
        ]
    );
    let destructive = contract["directory"][0]["message"].as_str().unwrap();
    assert_eq!(
        destructive,
        "does not say whether it destroys (destructiveHint): add it to its annotations"
    );
}

#[tokio::test]
async fn functions_get_arguments_the_caller_and_what_the_server_was_built_with() {
    let kennel = serve(server)
        .await
        .unwrap()
        .setting("KENNEL_NAME", "Wolf Den");
    let ada = kennel.caller("ada").scopes(&["dogs.read", "dogs.write"]);

    let rex = ada.call("findDog", json!({ "name": "rex" })).await;
    assert_eq!(
        rex.structured(),
        &json!({ "name": "rex", "years": 3 }),
        "{rex:?}"
    );
    let young = ada
        .call(
            "findDog",
            json!({ "name": "rex", "years": 1.0, "withYears": false }),
        )
        .await;
    assert_eq!(young.structured(), &json!({ "name": "rex", "years": null }));
    let nobody = ada.call("findDog", json!({ "name": "nobody" })).await;
    assert_eq!(
        (nobody.is_ok(), nobody.text()),
        (false, "Wolf Den has no dog nobody, ada".to_owned())
    );
    assert_eq!(
        ada.call("adopt", json!({ "name": "rex" })).await.text(),
        "adopted rex"
    );
    assert_eq!(ada.call("fail", json!({})).await.text(), "out of dogs");
    assert_eq!(ada.call("calls", json!({})).await.text(), "3");
}

#[tokio::test]
async fn arguments_out_of_bounds_do_not_reach_the_function() {
    let kennel = serve(server).await.unwrap();
    let ada = kennel.caller("ada").scopes(&["dogs.read"]);
    let refused = ada
        .call("findDog", json!({ "name": "a name too long", "years": 50 }))
        .await;
    assert!(!refused.is_ok());
    assert_eq!(refused.status(), 200);
    assert_eq!(
        refused.text(),
        "name: must have at most 10 characters, got 15; years: must be at most 20, got 50"
    );
    assert_eq!(
        ada.call("findDog", json!({})).await.text(),
        "name: is required"
    );
    assert_eq!(ada.call("calls", json!({})).await.text(), "0");
}

#[tokio::test]
async fn a_caller_sees_the_tools_that_its_scopes_cover() {
    let kennel = serve(server).await.unwrap();
    let reader = kennel.caller("ada").scopes(&["dogs.read"]);
    assert_eq!(reader.tools().await, ["findDog", "fail", "calls"]);
    assert_eq!(
        reader
            .call("adopt", json!({ "name": "rex" }))
            .await
            .status(),
        403
    );
}

#[tokio::test]
async fn the_identity_is_that_of_the_server_in_every_revision() {
    let kennel = serve(server).await.unwrap();
    let client = json!({
        "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "test", "version": "1" }
    });
    let caller = kennel.caller("ada").scopes(&["dogs.read"]);
    let identity = json!({
        "name": "kennel", "version": "1.2.3", "title": "Kennel", "description": "Dogs.",
        "websiteUrl": "https://example.com/kennel",
        "icons": [{ "src": "https://example.com/light.png", "sizes": ["48x48"], "theme": "light" }],
    });
    let response = caller.request("initialize", client).await;
    let result = response.result();
    assert_eq!(
        (&result["serverInfo"], &result["instructions"]),
        (&identity, &json!("Ask for dogs."))
    );
    let tools = caller.request("tools/list", json!({})).await;
    assert_eq!(
        tools.result()["tools"][0]["icons"],
        json!([{ "src": "data:image/png;base64,ZG9n", "mimeType": "image/png" }])
    );
}

#[test]
fn a_tool_without_a_scope_is_refused_with_the_fix() {
    let tool = rmcp::model::Tool::new(
        "open",
        "Opens",
        json!({ "type": "object" }).as_object().unwrap().clone(),
    );
    let route = rmcp::handler::server::router::tool::ToolRoute::new_dyn(tool, |_| {
        Box::pin(async { Ok(rmcp::model::CallToolResult::default().into()) })
    });
    let router = rmcp::handler::server::router::tool::ToolRouter::<()>::new().with_route(route);
    let refused = Server::new("door", "1.0.0")
        .router(router)
        .contract()
        .unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("tool open has no OAuth scope: name one in its ToolPolicy"),
        "{refused}"
    );
}

#[tokio::test]
async fn a_server_that_contradicts_itself_does_not_start_and_says_why() {
    let kennel = serve(|| server().tool(find_dog)).await.unwrap();
    let response = kennel
        .caller("ada")
        .scopes(&["dogs.read"])
        .call("calls", json!({}))
        .await;
    assert_eq!(response.status(), 502);
    assert!(
        response.text().contains("findDog") && response.text().contains("is declared twice"),
        "{response:?}"
    );
}

#[test]
fn the_function_itself_can_be_called() {
    assert_eq!(adopt_directly("rex"), "adopted rex");
}

fn adopt_directly(name: &str) -> String {
    #[tool(scope = "dogs.write")]
    fn adopt(name: String) -> String {
        format!("adopted {name}")
    }
    adopt::call(name.to_owned())
}
