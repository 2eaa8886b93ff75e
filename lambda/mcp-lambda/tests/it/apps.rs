//! MCP Apps: documents beside the resources of the server, and named at its tools.

use mcp_lambda::{Definition, McpApp, Server, ToolPolicy, tool};
use mcp_lambda_testing::{ToolResponse, serve};
use rmcp::model::{
    ListResourcesResult, PaginatedRequestParams, ReadResourceRequestParams, ReadResourceResponse,
    ReadResourceResult, Resource, ResourceContents, ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde_json::{Value, json};

use crate::event_source::{Function, data, event, modern_event};

const DOCUMENT: &str = "<!DOCTYPE html><title>Weight</title>";
const EXTENSION: &str = "io.modelcontextprotocol/ui";
const APP_TYPE: &str = "text/html;profile=mcp-app";

/// Weighs a dog.
#[tool(scope = "tools", mcp_app = "weight")]
async fn weigh() -> String {
    "31 kg".to_owned()
}

/// Weighs the next dog.
#[tool(scope = "tools", mcp_app = "weight", only_for_mcp_apps)]
async fn weigh_next() -> String {
    "12 kg".to_owned()
}

/// Sells a dog.
#[tool(scope = "tools", only_for_models)]
async fn sell() -> String {
    "sold".to_owned()
}

/// Feeds a dog.
#[tool(scope = "tools")]
async fn feed() -> String {
    "fed".to_owned()
}

fn weight() -> McpApp {
    McpApp::html("weight", DOCUMENT)
}

fn kennel() -> Server {
    Server::new("kennel", "1.0.0")
        .scope("tools", "Use the tools")
        .mcp_app(
            weight()
                .title("Weight")
                .description("Draws the weight of a dog.")
                .connect_domains(&["wss://live.example.com"])
                .resource_domains(&["https://*.example.com"])
                .frame_domains(&["https://maps.example.com"])
                .base_uri_domains(&["https://base.example.com"])
                .camera()
                .microphone()
                .geolocation()
                .clipboard_write()
                .clipboard_write()
                .prefers_border(false),
        )
        .mcp_app(McpApp::html(
            "food",
            " \n<!doctype HTML><title>Food</title>",
        ))
        .tool(weigh)
        .tool(weigh_next)
        .tool(sell)
        .tool(feed)
}

/// What the extension says about the first of them.
fn weight_meta() -> Value {
    json!({ "ui": {
        "csp": {
            "connectDomains": ["wss://live.example.com"], "resourceDomains": ["https://*.example.com"],
            "frameDomains": ["https://maps.example.com"], "baseUriDomains": ["https://base.example.com"],
        },
        "permissions": { "camera": {}, "microphone": {}, "geolocation": {}, "clipboardWrite": {} },
        "prefersBorder": false,
    } })
}

async fn ask(method: &str, params: Value) -> ToolResponse {
    let kennel = serve(kennel).await.unwrap();
    let ada = kennel.caller("ada").scopes(&["tools"]);
    ada.request(method, params).await
}

fn message(method: &str, params: Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": params })
}

/// The same of a client of 2026-07-28 that shows MCP Apps.
fn of_a_host(message: &Value) -> Value {
    let mut event = modern_event(message);
    let mut body: Value = serde_json::from_str(event["body"].as_str().unwrap()).unwrap();
    body["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"] =
        json!({ "extensions": { EXTENSION: { "mimeTypes": [APP_TYPE] } } });
    event["body"] = json!(body.to_string());
    event
}

fn names(result: &Value) -> Vec<&str> {
    let tools = result["tools"].as_array().unwrap();
    tools
        .iter()
        .map(|tool| tool["name"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn both_revisions_offer_the_extension_and_resources() {
    let function = Function::start_server(&[], || kennel().definition()).await;
    let initialized = function
        .send(&event(&data("initialize-2025-11-25.json"), &[]))
        .await
        .json();
    let discovered = function
        .call(&data("discover-2026-07-28.json"))
        .await
        .json();
    for result in [&initialized["result"], &discovered["result"]] {
        assert_eq!(
            result["capabilities"],
            json!({ "tools": {}, "resources": {}, "extensions": { EXTENSION: {} } }),
            "{result}"
        );
    }
}

#[tokio::test]
async fn a_server_without_apps_offers_neither() {
    fn bare() -> Server {
        Server::new("kennel", "1.0.0")
            .scope("tools", "Use the tools")
            .tool(feed)
    }
    let function = Function::start_server(&[], || bare().definition()).await;
    let discovered = function
        .call(&data("discover-2026-07-28.json"))
        .await
        .json();
    assert_eq!(discovered["result"]["capabilities"], json!({ "tools": {} }));
    let listed = function.call(&message("resources/list", json!({}))).await;
    assert_eq!(listed.json()["error"]["code"], -32601);
}

#[tokio::test]
async fn documents_are_listed_and_read_with_what_the_host_must_know() {
    let list = ask("resources/list", json!({})).await;
    let weight = json!({
        "uri": "ui://kennel/weight", "name": "weight", "title": "Weight", "description": "Draws the weight of a dog.",
        "mimeType": APP_TYPE, "size": DOCUMENT.len(), "_meta": weight_meta(),
    });
    let resources = &list.result()["resources"];
    assert_eq!(resources[0], weight);
    assert_eq!(resources[1]["uri"], "ui://kennel/food");
    assert_eq!(resources[1].get("_meta"), None, "nothing is declared");
    let templates = ask("resources/templates/list", json!({})).await;
    assert_eq!(templates.result()["resourceTemplates"], json!([]));

    let read = ask("resources/read", json!({ "uri": "ui://kennel/weight" })).await;
    assert_eq!(
        read.result()["contents"],
        json!([{ "uri": "ui://kennel/weight", "mimeType": APP_TYPE, "text": DOCUMENT, "_meta": weight_meta() }])
    );
}

#[tokio::test]
async fn a_client_of_2026_07_28_may_keep_a_document_for_every_caller() {
    let function = Function::start_server(&[], || kennel().definition()).await;
    let mut read = modern_event(&message(
        "resources/read",
        json!({ "uri": "ui://kennel/weight" }),
    ));
    crate::event_source::set_header(&mut read, "Mcp-Name", "ui://kennel/weight");
    let read = function.send(&read).await.json();
    assert_eq!(read["result"]["contents"][0]["text"], DOCUMENT, "{read}");
    for answer in [
        read,
        function
            .call(&message("resources/list", json!({})))
            .await
            .json(),
        function
            .call(&message("resources/templates/list", json!({})))
            .await
            .json(),
    ] {
        let result = &answer["result"];
        assert_eq!(
            (
                &result["ttlMs"],
                &result["cacheScope"],
                &result["resultType"]
            ),
            (&json!(0), &json!("public"), &json!("complete")),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn a_uri_that_no_app_has_is_not_found_with_those_that_exist() {
    let read = ask("resources/read", json!({ "uri": "ui://kennel/height" })).await;
    assert_eq!(
        read.text(),
        "the server has no such resource; it has ui://kennel/weight, ui://kennel/food"
    );
    let paged = ask("resources/list", json!({ "cursor": "x" })).await;
    assert!(paged.text().contains("cursor"), "{}", paged.text());
}

#[tokio::test]
async fn a_tool_names_its_app_and_who_may_call_it() {
    let list = ask("tools/list", json!({})).await;
    let tools = &list.result()["tools"];
    let uri = "ui://kennel/weight";
    assert_eq!(
        tools[0]["_meta"],
        json!({ "ui": { "resourceUri": uri }, "ui/resourceUri": uri })
    );
    assert_eq!(
        tools[1]["_meta"],
        json!({ "ui": { "resourceUri": uri, "visibility": ["app"] }, "ui/resourceUri": uri })
    );
    assert_eq!(
        tools[2]["_meta"],
        json!({ "ui": { "visibility": ["model"] } })
    );
    assert_eq!(tools[3].get("_meta"), None);
}

#[tokio::test]
async fn a_tool_for_apps_alone_is_listed_for_clients_that_show_apps() {
    let function = Function::start_server(&[], || kennel().definition()).await;
    let list = message("tools/list", json!({}));
    let of_model = function.call(&list).await.json();
    assert_eq!(names(&of_model["result"]), ["weigh", "sell", "feed"]);
    assert_eq!(of_model["result"]["cacheScope"], "private");
    let of_host = function.send(&of_a_host(&list)).await.json();
    assert_eq!(
        names(&of_host["result"]),
        ["weigh", "weigh_next", "sell", "feed"]
    );
    // A request of an older revision does not say what the client supports.
    let of_legacy = function.call_legacy(&list).await.json();
    assert_eq!(names(&of_legacy["result"]).len(), 4);
}

#[tokio::test]
async fn the_result_of_a_tool_with_an_app_is_readable_without_it() {
    let kennel = serve(kennel).await.unwrap();
    let ada = kennel.caller("ada").scopes(&["tools"]);
    assert_eq!(ada.call("weigh", json!({})).await.text(), "31 kg");
}

#[tokio::test]
async fn a_document_needs_no_other_scope_than_the_endpoint_and_a_tool_does() {
    let kennel = serve(kennel).await.unwrap();
    let stranger = kennel.caller("ada").scopes(&["profile"]);
    let read = stranger
        .request("resources/read", json!({ "uri": "ui://kennel/weight" }))
        .await;
    assert_eq!(read.result()["contents"][0]["text"], DOCUMENT);
    assert_eq!(stranger.call("weigh", json!({})).await.status(), 403);
}

#[test]
fn the_contract_lists_apps_without_their_documents() {
    let contract = json!(kennel().contract().unwrap());
    assert_eq!(
        contract["apps"],
        json!([
            {
                "name": "weight", "uri": "ui://kennel/weight", "title": "Weight", "description": "Draws the weight of a dog.",
                "csp": weight_meta()["ui"]["csp"],
                "permissions": ["camera", "microphone", "geolocation", "clipboardWrite"], "prefersBorder": false,
            },
            { "name": "food", "uri": "ui://kennel/food" },
        ])
    );
    let tools = &contract["tools"];
    assert_eq!(
        (&tools[1]["app"], &tools[1]["visibility"]),
        (&json!("weight"), &json!(["app"]))
    );
    assert_eq!(
        (tools[3].get("app"), tools[3].get("visibility")),
        (None, None)
    );
}

fn refusal(server: Server) -> String {
    server.contract().unwrap_err().to_string()
}

#[test]
fn what_no_host_shows_is_refused_with_the_fix() {
    let server = || {
        Server::new("kennel", "1.0.0")
            .scope("tools", "Use the tools")
            .tool(weigh)
    };
    for (server, expected) in [
        (
            server(),
            "tool weigh refers to the MCP App \"weight\", which the server does not declare",
        ),
        (
            server().mcp_app(weight()).mcp_app(weight()),
            "MCP App \"weight\" is declared twice",
        ),
        (
            server().mcp_app(weight().connect_domains(&["https://a.example/path"])),
            "MCP App weight has \"https://a.example/path\" in its connect_domains: give an https origin",
        ),
        (
            server().mcp_app(McpApp::html("weight", "<p>31 kg</p>")),
            "MCP App weight has a document that begins with \"<p>31 kg</p>\": begin it with <!doctype html>",
        ),
        (
            server().mcp_app(McpApp::html(
                "weight",
                &format!("<!doctype html>{}", " ".repeat(1024 * 1024)),
            )),
            "MCP App weight has a document of 1048591 bytes: make it at most 1048576",
        ),
        (
            server()
                .mcp_app(weight())
                .mcp_app(McpApp::html("a b", DOCUMENT)),
            "MCP App name \"a b\" must be 1 to 64 of the characters",
        ),
    ] {
        let refused = refusal(server);
        assert!(refused.contains(expected), "{refused}");
    }
    let longest = format!("<!doctype html>{}", " ".repeat(1024 * 1024 - 15));
    assert!(
        server()
            .mcp_app(McpApp::html("weight", &longest))
            .contract()
            .is_ok()
    );
}

/// A server that has a resource of its own, on two pages, and one at the URI of an MCP App.
struct Library;

impl ServerHandler for Library {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_resources();
        ServerConfig::new(capabilities.build())
    }

    async fn list_resources(
        &self,
        request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let page = |uris: &[&str]| {
            let resources = uris.iter().map(|uri| Resource::new(*uri, *uri)).collect();
            ListResourcesResult::with_all_items(resources)
        };
        if request.and_then(|request| request.cursor).is_some() {
            return Ok(page(&["book://second"]));
        }
        let mut first = page(&["book://first", "ui://library/shelf"]);
        first.next_cursor = Some("second".to_owned());
        Ok(first)
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let contents = ResourceContents::text("a book", request.uri);
        Ok(ReadResourceResult::new(vec![contents]).into())
    }
}

fn library() -> Definition<Library> {
    let tool = Tool::new(
        "read",
        "Reads",
        json!({ "type": "object" }).as_object().unwrap().clone(),
    )
    .with_meta(ToolPolicy::scopes(&["books.read"]).mcp_app("shelf").meta());
    Definition::new("library", "1.0.0", vec![tool], |(), _| Ok(Library))
        .scope("books.read", "Read books")
        .mcp_app(McpApp::html("shelf", DOCUMENT))
}

#[tokio::test]
async fn the_resources_of_the_server_itself_follow_the_documents() {
    let library = serve(library).await.unwrap();
    let ada = library.caller("ada").scopes(&["books.read"]);
    let list = ada.request("resources/list", json!({})).await;
    let uris = |list: &ToolResponse| {
        let resources = list.result()["resources"].as_array().unwrap().clone();
        let uris = resources
            .iter()
            .map(|each| each["uri"].as_str().unwrap().to_owned());
        uris.collect::<Vec<_>>()
    };
    assert_eq!(uris(&list), ["ui://library/shelf", "book://first"]);
    let second = ada
        .request("resources/list", json!({ "cursor": "second" }))
        .await;
    assert_eq!(uris(&second), ["book://second"]);
    for (uri, text) in [("ui://library/shelf", DOCUMENT), ("book://first", "a book")] {
        let read = ada.request("resources/read", json!({ "uri": uri })).await;
        assert_eq!(read.result()["contents"][0]["text"], text);
    }
}
