//! `mcp-lambda chat` as a person and a script see it, with the offline planner and a real MCP server.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use rmcp::handler::server::ServerHandler;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ListToolsResult,
    PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool, ToolAnnotations,
};
use rmcp::service::{RequestContext, RoleServer};
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::tower::{
    StreamableHttpServerConfig, StreamableHttpService,
};
use serde_json::{Value, json};

use crate::folder::Folder;

#[derive(Clone)]
struct Shop;

fn tool(name: &'static str, description: &'static str, schema: Value) -> Tool {
    Tool::new(name, description, schema.as_object().unwrap().clone())
}

impl ServerHandler for Shop {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, rmcp::ErrorData> {
        let id = json!({ "type": "string", "description": "The product's id, such as p001" });
        let order = json!({
            "type": "object",
            "properties": { "productId": id, "quantity": { "type": "integer" } },
            "required": ["productId", "quantity"],
        });
        let list = tool(
            "list-products",
            "Lists the products",
            json!({ "type": "object" }),
        )
        .annotate(ToolAnnotations::new().read_only(true));
        let order = tool("create-order", "Orders a product", order);
        Ok(ListToolsResult::with_all_items(vec![list, order]))
    }

    async fn call_tool(
        &self,
        call: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, rmcp::ErrorData> {
        let arguments = call.arguments.unwrap_or_default();
        let words = if call.name == "create-order" {
            let product = arguments["productId"].as_str().unwrap();
            format!("ordered {} of {product}", arguments["quantity"])
        } else {
            "Headphones \u{1b}[31m149.99".to_owned()
        };
        Ok(CallToolResult::success(vec![ContentBlock::text(words)]).into())
    }
}

/// The shop on a free port.
async fn shop() -> String {
    let service: StreamableHttpService<Shop, LocalSessionManager> = StreamableHttpService::new(
        || Ok(Shop),
        LocalSessionManager::default().into(),
        StreamableHttpServerConfig::default(),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/shop/mcp", listener.local_addr().unwrap());
    let app = axum::Router::new().route_service("/shop/mcp", service);
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

struct Said {
    status: Option<i32>,
    out: String,
    notes: String,
}

/// Runs `mcp-lambda chat --offline` with these lines on standard input.
async fn chat(home: &Path, arguments: &[&str], lines: &str) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcp-lambda"));
    command
        .args(["chat", "--offline"])
        .args(arguments)
        .env_clear()
        .env("HOME", home)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let lines = lines.to_owned();
    let run = move || -> std::io::Result<Output> {
        let mut child = command.spawn()?;
        // A chat that ends early reads no more.
        let _ = child
            .stdin
            .take()
            .map(|mut stdin| stdin.write_all(lines.as_bytes()));
        child.wait_with_output()
    };
    let output = tokio::task::spawn_blocking(run).await.unwrap().unwrap();
    Said {
        status: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        notes: String::from_utf8(output.stderr).unwrap(),
    }
}

fn last_chat(home: &Path) -> PathBuf {
    home.join(".local/state/mcp-lambda/chats/last.json")
}

#[tokio::test]
async fn a_script_has_the_reply_on_standard_output_and_the_calls_beside_it() {
    let (home, url) = (Folder::new(), shop().await);
    let said = chat(
        home.path(),
        &["--server", &url, "-p", "List the products"],
        "",
    )
    .await;
    assert_eq!(said.status, Some(0), "{}", said.notes);
    assert!(
        said.out
            .contains("`list-products` returned:\nHeadphones \u{fffd}[31m149.99\n"),
        "{}",
        said.out
    );
    assert!(said.notes.contains("→ list-products {}"), "{}", said.notes);
    assert!(!said.out.contains('\u{1b}') && !said.notes.contains('\u{1b}'));
}

#[tokio::test]
async fn a_script_that_may_not_write_ends_with_status_3_and_goes_on_after_approval() {
    let (home, url) = (Folder::new(), shop().await);
    let server = ["--server", url.as_str()];
    let said = chat(
        home.path(),
        &[&server[..], &["-p", "Order 2 of p002"]].concat(),
        "",
    )
    .await;
    assert_eq!(said.status, Some(3), "{}", said.notes);
    assert!(
        said.notes
            .contains("create-order {\"productId\":\"p002\",\"quantity\":2} needs approval"),
        "{}",
        said.notes
    );

    let said = chat(
        home.path(),
        &[&server[..], &["--continue"]].concat(),
        "y\n/quit\n",
    )
    .await;
    assert_eq!(said.status, Some(0), "{}", said.notes);
    assert!(said.out.contains("ordered 2 of p002"), "{}", said.out);

    let said = chat(
        home.path(),
        &[&server[..], &["--yes", "-p", "Order 3 of p002"]].concat(),
        "",
    )
    .await;
    assert_eq!(said.status, Some(0), "{}", said.notes);
    assert!(said.out.contains("ordered 3 of p002"), "{}", said.out);
}

#[tokio::test]
async fn a_person_declines_and_lists_tools() {
    let (home, url) = (Folder::new(), shop().await);
    let lines = "/tools\nOrder 2 of p002\nn\n/nonsense\n/quit\n";
    let said = chat(home.path(), &["--server", &url], lines).await;
    assert_eq!(said.status, Some(0), "{}", said.notes);
    assert!(
        said.notes
            .contains("I am the offline planner of mcp-lambda, not a language model"),
        "{}",
        said.notes
    );
    assert!(
        said.notes
            .contains("create-order (asks first) Orders a product"),
        "{}",
        said.notes
    );
    assert!(
        said.out
            .contains("The user declined this call. It was not run."),
        "{}",
        said.out
    );
    assert!(
        said.notes.contains("there is no command /nonsense"),
        "{}",
        said.notes
    );
}

#[tokio::test]
async fn an_interrupted_call_is_shown_and_sent_again_only_on_request() {
    let (home, url) = (Folder::new(), shop().await);
    let server = ["--server", url.as_str()];
    chat(
        home.path(),
        &[&server[..], &["-p", "Order 2 of p002"]].concat(),
        "",
    )
    .await;
    let file = last_chat(home.path());
    let started = std::fs::read_to_string(&file)
        .unwrap()
        .replace("\"awaiting_approval\"", "\"started\"");
    assert!(started.contains("\"started\""), "{started}");

    std::fs::write(&file, &started).unwrap();
    let said = chat(home.path(), &[&server[..], &["--continue"]].concat(), "n\n").await;
    assert!(
        said.notes
            .contains("interrupted, may have run: create-order"),
        "{}",
        said.notes
    );
    assert!(
        said.out.contains("It may have run") && !said.out.contains("ordered"),
        "{}",
        said.out
    );

    std::fs::write(&file, &started).unwrap();
    let said = chat(home.path(), &[&server[..], &["--continue"]].concat(), "y\n").await;
    assert!(said.out.contains("ordered 2 of p002"), "{}", said.out);
}

#[tokio::test]
async fn the_file_of_a_chat_is_private_and_the_earlier_one_is_kept() {
    use std::os::unix::fs::PermissionsExt;
    let (home, url) = (Folder::new(), shop().await);
    for question in ["List the products", "hello"] {
        chat(home.path(), &["--server", &url, "-p", question], "").await;
    }
    let file = last_chat(home.path());
    assert_eq!(
        std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert!(std::fs::read_to_string(&file).unwrap().contains("hello"));
    let previous = std::fs::read_to_string(file.with_extension("previous.json")).unwrap();
    assert!(previous.contains("List the products"));
}

#[tokio::test]
async fn what_cannot_work_is_one_message() {
    let home = Folder::new();
    let said = chat(
        home.path(),
        &["--server", "http://127.0.0.1:1/mcp", "-p", "hello"],
        "",
    )
    .await;
    assert_eq!(said.status, Some(1));
    assert!(
        said.notes.contains("http://127.0.0.1:1/mcp"),
        "{}",
        said.notes
    );
    assert!(said.notes.contains("cannot be reached"), "{}", said.notes);

    let said = chat(
        home.path(),
        &["--server", "http://127.0.0.1:1/mcp", "--continue"],
        "",
    )
    .await;
    assert_eq!(said.status, Some(1));
    assert!(
        said.notes.contains("last.json cannot be used"),
        "{}",
        said.notes
    );
}
