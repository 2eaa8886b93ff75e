//! What a person and a program see of `npm start`, without starting an emulator.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Command, Output};

use axum::body::Body;
use axum::extract::Request;
use axum::http::header;
use http_body_util::BodyExt;
use mcp_lambda_cli::dev::edge::LoopbackHost;
use mcp_lambda_cli::dev::ports::Ports;
use mcp_lambda_cli::dev::{announcement, dog_api};
use tower::ServiceExt;

fn run(command: &str, arguments: &[&str]) -> Output {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    Command::new(env!("CARGO_BIN_EXE_mcp-lambda"))
        .args([command, "--root", root])
        .args(arguments)
        .output()
        .unwrap()
}

#[test]
fn a_taken_port_is_one_message_with_cause_and_fix() {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let said = run("dev", &["--port", &port.to_string()]);
    let other = if port < 60_000 { port + 1000 } else { 3030 };
    assert_eq!(said.status.code(), Some(1));
    assert_eq!(
        String::from_utf8_lossy(&said.stderr),
        format!(
            "\nerror: port {port} (MCP endpoint) is taken by another program: stop that program (it may be another \
             `npm start`), or choose other ports with `npm start -- --port {other}`\n"
        )
    );
}

#[test]
fn a_directory_without_an_app_is_one_message_with_cause_and_fix() {
    let directory = env!("CARGO_MANIFEST_DIR");
    let said = Command::new(env!("CARGO_BIN_EXE_mcp-lambda"))
        .args(["dev", "--port", "0"])
        .current_dir(directory)
        .output()
        .unwrap();
    assert_eq!(said.status.code(), Some(1));
    assert_eq!(
        String::from_utf8_lossy(&said.stderr),
        format!(
            "\nerror: {directory} has no cdk.json: run the command in the directory of a CDK app\n"
        )
    );
}

#[test]
fn a_token_needs_a_running_stack() {
    let said = run("token", &["--port", "65000"]);
    assert_eq!(said.status.code(), Some(1));
    assert_eq!(
        String::from_utf8_lossy(&said.stderr),
        "\nerror: no stack has been started on port 65000: run `npm start -- --port 65000` in another terminal first\n"
    );
}

#[test]
fn the_block_can_be_pasted_from() {
    let url = "http://127.0.0.1:4030/mcp";
    let claude = format!("claude mcp add --transport http dogs {url}");
    let codex = format!("codex mcp add dogs --url {url}");
    let gemini = format!("gemini mcp add --transport http dogs {url}");
    let vscode = format!("code --add-mcp '{{\"name\":\"dogs\",\"url\":\"{url}\"}}'");
    let cursor = "cursor://anysphere.cursor-deeplink/mcp/install?name=dogs&config=e30=";
    let stack: BTreeMap<String, String> = [
        ("McpServerUrl", url),
        ("ClaudeCodeCommand", claude.as_str()),
        ("CodexCommand", codex.as_str()),
        ("GeminiCommand", gemini.as_str()),
        ("VsCodeCommand", vscode.as_str()),
        ("CursorLink", cursor),
        ("SignInUrl", "http://127.0.0.1:4031/login?client_id=c"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    let ports = Ports::starting_at(4030);
    let outputs = announcement::outputs(&stack, ports);
    assert_eq!(outputs["AwsEndpointUrl"], "http://127.0.0.1:4032");
    assert_eq!(outputs["AwsRegion"], "us-east-1");
    let block = announcement::block(&outputs, ports, 1.0);
    let lines: Vec<&str> = block.lines().collect();
    for line in [
        url,
        &codex,
        &gemini,
        &vscode,
        cursor,
        "http://127.0.0.1:4031/signup?client_id=c",
        "http://127.0.0.1:4031/mailbox",
        r#"  -H "Authorization: Bearer $(npm run --silent token -- --port 4030)" \"#,
        r#"  -d '{"jsonrpc":"2.0","id":1,"method":"tools/list"}'"#,
    ] {
        assert!(lines.contains(&line), "{line} in {block}");
    }
    let for_claude: Vec<&&str> = lines
        .iter()
        .filter(|line| line.starts_with("claude "))
        .collect();
    assert_eq!(for_claude, [&claude.as_str()], "{block}");
    assert!(!block.contains("authorization-modes"), "{block}");
    assert!(
        lines.contains(&"# Create an account without a client"),
        "{block}"
    );
}

#[test]
fn the_block_has_no_line_for_a_client_that_cannot_connect() {
    let url = "http://127.0.0.1:3030/mcp";
    let outputs: BTreeMap<String, String> = [
        ("McpServerUrl", url.to_owned()),
        (
            "ClaudeCodeCommand",
            format!("claude mcp add dogs {url} --client-id c"),
        ),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    let block = announcement::block(&outputs, Ports::starting_at(3030), 1.0);
    assert!(block.contains(&outputs["ClaudeCodeCommand"]), "{block}");
    for client in ["Codex", "Gemini", "VS Code", "Cursor"] {
        assert!(!block.contains(client), "{client} in {block}");
    }
    assert!(block.contains("docs/authorization-modes.md"), "{block}");
    assert!(
        block.contains("the browser cannot connect to localhost"),
        "{block}"
    );
}

#[test]
fn the_block_names_every_server_of_a_host() {
    let server = |path: &str| format!("http://127.0.0.1:3030/{path}/mcp");
    let add = |path: &str| format!("claude mcp add --transport http {path} {}", server(path));
    let outputs: BTreeMap<String, String> = [
        ("CounterMcpServerUrl", server("counter")),
        ("CounterClaudeCodeCommand", add("counter")),
        ("McpServerUrl", server("dog-facts")),
        ("ClaudeCodeCommand", add("dog-facts")),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    let block = announcement::block(&outputs, Ports::starting_at(3030), 1.0);
    let endpoints = "# The MCP endpoints\nhttp://127.0.0.1:3030/dog-facts/mcp\nhttp://127.0.0.1:3030/counter/mcp\n";
    assert!(block.contains(endpoints), "{block}");
    let commands = format!("{}\n{}\n", add("dog-facts"), add("counter"));
    assert!(block.contains(&commands), "{block}");
}

#[tokio::test]
async fn the_dog_api_imitation_gives_as_many_facts_as_are_asked_for() {
    let app = dog_api::app(LoopbackHost::new(3033));
    for (query, count) in [("?limit=5", 5), ("?limit=1000", 24), ("", 1)] {
        let request =
            Request::get(format!("/api/v2/facts{query}")).header(header::HOST, "127.0.0.1:3033");
        let response = app
            .clone()
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let facts = serde_json::from_slice::<serde_json::Value>(&body).unwrap()["data"]
            .as_array()
            .unwrap()
            .clone();
        assert_eq!((query, facts.len()), (query, count));
        assert!(
            facts
                .iter()
                .all(|fact| fact["type"] == "fact" && fact["attributes"]["body"].is_string())
        );
    }
}
