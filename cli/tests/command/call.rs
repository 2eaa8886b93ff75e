//! `mcp-lambda call` and `token` as programs, against a real MCP server.

use std::process::Output;

use serde_json::{Value, json};

use crate::folder::Folder;
use crate::mcp_server::{Behaviour, McpServer};

/// What a command printed.
struct Ran {
    status: Option<i32>,
    printed: String,
    error: String,
}

/// Runs the command against `server` as the program whose secret is known.
async fn run(server: &McpServer, arguments: &[&str]) -> Ran {
    let folder = Folder::new();
    ran(program(server, arguments, &folder).output().await.unwrap())
}

fn program(server: &McpServer, arguments: &[&str], folder: &Folder) -> tokio::process::Command {
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_mcp-lambda"));
    command.args(arguments).env_clear().envs([
        ("MCP_SERVER_URL", server.url.as_str()),
        ("MCP_CLIENT_ID", "ci"),
        ("MCP_CLIENT_SECRET", "s3cret"),
        ("HOME", folder.path().to_str().unwrap()),
    ]);
    command
}

fn ran(output: Output) -> Ran {
    Ran {
        status: output.status.code(),
        printed: String::from_utf8(output.stdout).unwrap(),
        error: String::from_utf8(output.stderr).unwrap(),
    }
}

#[tokio::test]
async fn a_call_prints_the_text_or_the_whole_result() {
    let server = McpServer::start(Behaviour::default()).await;
    let ran = run(&server, &["call", "echo", "--name", "Ada"]).await;
    assert_eq!(
        (ran.status, ran.printed.as_str(), ran.error.as_str()),
        (Some(0), "echoed\n", "")
    );

    let words = [
        "call",
        "echo",
        "--json",
        r#"{"name":"x","loud":true}"#,
        "name=Ada",
        "--count",
        "2",
        "--tags",
        "1",
        "--output",
        "json",
        "--tags=2",
        "--price",
        "-1.5",
    ];
    let ran = run(&server, &words).await;
    let result: Value = serde_json::from_str(&ran.printed).unwrap();
    assert_eq!(
        result["structuredContent"],
        json!({ "name": "Ada", "loud": true, "count": 2, "tags": [1, 2], "price": -1.5 })
    );
}

#[tokio::test]
async fn wrong_arguments_are_status_2_and_tool_errors_status_3() {
    let server = McpServer::start(Behaviour::default()).await;
    for (words, status, error) in [
        (
            "call echo --count x",
            2,
            "\nerror: count must be an integer; got 'x'\n",
        ),
        ("call echo", 2, "\nerror: echo needs --name\n"),
        ("call fail", 3, "\nerror: no such product; try p001\n"),
    ] {
        let words: Vec<&str> = words.split(' ').collect();
        let ran = run(&server, &words).await;
        assert_eq!((ran.status, ran.error.as_str()), (Some(status), error));
        assert_eq!(ran.printed, "");
    }
    let ran = run(&server, &["call", "ecco"]).await;
    assert_eq!(ran.status, Some(2));
    assert!(
        ran.error
            .contains("has no tool 'ecco'; its tools are: echo, fail, erase, buy"),
        "{}",
        ran.error
    );
    let ran = run(&server, &["call", "erase"]).await;
    assert_eq!(ran.status, Some(1));
    assert!(
        ran.error.contains("erase needs the OAuth scopes write"),
        "{}",
        ran.error
    );
}

#[tokio::test]
async fn the_list_has_arguments_and_the_oauth_scopes_of_the_contract() {
    let server = McpServer::start(Behaviour::default()).await;
    let folder = Folder::new();
    let contract = folder.path().join("contract.json");
    let tools = json!({ "tools": [{ "name": "echo", "scopes": ["echo.read", "echo.write"] }] });
    std::fs::write(&contract, tools.to_string()).unwrap();
    let words = ["call", "--list", "--contract", contract.to_str().unwrap()];
    let printed = run(&server, &words).await.printed;
    for line in [
        "echo  [echo.read echo.write]  Returns its arguments",
        "  --name <string>  A name",
        "  --color <red|blue> (optional)",
        "  --count <integer> (optional) [at least 1, at most 10, default 3]",
        "  --price <number> (optional) [more than 0]",
        "  --tags <integer …> (optional)",
        "fail  Fails",
    ] {
        assert!(
            printed.lines().any(|printed| printed == line),
            "{line}\n{printed}"
        );
    }
}

#[tokio::test]
async fn what_a_tool_asks_is_answered_with_given_values_or_declined() {
    let server = McpServer::start(Behaviour::default()).await;
    let ran = run(&server, &["call", "buy", "--accept", r#"{"quantity":2}"#]).await;
    assert!(
        ran.printed.contains(r#""quantity":2"#) && ran.printed.contains("accept"),
        "{}{}",
        ran.printed,
        ran.error
    );
}

#[tokio::test]
async fn a_token_is_printed_and_a_wrong_secret_is_not() {
    let server = McpServer::start(Behaviour::default()).await;
    let ran = run(&server, &["token"]).await;
    assert_eq!(
        (ran.status, ran.printed.as_str()),
        (Some(0), "access-1.read\n")
    );
    let folder = Folder::new();
    let output = program(&server, &["token"], &folder)
        .env("MCP_CLIENT_SECRET", "wr0ng")
        .output()
        .await
        .unwrap();
    let ran = self::ran(output);
    assert_eq!((ran.status, ran.printed.as_str()), (Some(1), ""));
    assert!(
        ran.error.contains("gave no access token") && !ran.error.contains("wr0ng"),
        "{}",
        ran.error
    );
}

#[tokio::test]
async fn without_a_server_the_message_says_how_to_get_one() {
    let folder = Folder::new();
    let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_mcp-lambda"))
        .args(["call", "--list", "--port", "4999"])
        .current_dir(folder.path())
        .env_clear()
        .output()
        .await
        .unwrap();
    let ran = ran(output);
    assert_eq!(
        (ran.status, ran.error.as_str()),
        (
            Some(1),
            "\nerror: no stack runs here on port 4999: start one with `mcp-lambda dev` (`npm start`), or name a server with --url\n"
        )
    );
}
