//! The server as a Lambda function behind API Gateway.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on fails"
)]

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt;
use mcp_lambda_testing::{Function, FunctionOptions, TransferMode};
use serde_json::{Value, json};

const BINARY: &str = env!("CARGO_BIN_EXE_{{project-name}}");
const RESOURCE: &str = "https://d111.cloudfront.net/mcp";
const ISSUER: &str = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Example01";

fn function() -> Arc<Function> {
    let environment = [
        ("MCP_RESOURCE", RESOURCE),
        ("MCP_ISSUER", ISSUER),
        ("MCP_RESPONSE_MODE", "buffered"),
    ];
    Function::new(FunctionOptions {
        command: vec![BINARY.to_owned()],
        environment: environment
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        handler: "bootstrap".to_owned(),
        timeout: Duration::from_secs(10),
        transfer_mode: TransferMode::Buffered,
        kills: None,
    })
}

/// Status and body of one request by somebody whose access token has this OAuth scope.
async fn request(scope: &str, method: &str, params: Value) -> (u16, Value) {
    let message = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    let event = json!({
        "httpMethod": "POST", "path": "/mcp", "body": message.to_string(), "isBase64Encoded": false,
        "headers": {
            "Host": "d111.cloudfront.net", "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-11-25",
        },
        "requestContext": { "authorizer": { "claims": {
            "sub": "ada", "client_id": "client", "token_use": "access", "iss": ISSUER,
            "scope": format!("{RESOURCE}/{scope}"),
        } } },
    });
    let answer = function().invoke(event.to_string().into()).await.unwrap();
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap())
}

async fn greet(scope: &str, name: &str) -> (u16, Value) {
    let params = json!({ "name": "greet", "arguments": { "name": name } });
    request(scope, "tools/call", params).await
}

#[tokio::test]
async fn greets_by_name() {
    let (_, answer) = greet("greet", "Ada").await;
    assert_eq!(answer["result"]["content"][0]["text"], "hello, Ada");
    assert_ne!(answer["result"]["isError"], true);
}

#[tokio::test]
async fn says_which_names_are_allowed() {
    let (_, answer) = greet("greet", "").await;
    assert_eq!(answer["result"]["isError"], true);
    assert_eq!(
        answer["result"]["content"][0]["text"],
        "name must have 1 to 100 characters, got 0"
    );
}

#[tokio::test]
async fn is_closed_and_hidden_to_an_access_token_without_its_oauth_scope() {
    let (status, answer) = greet("another", "Ada").await;
    assert_eq!(status, 403, "{answer}");
    let (_, answer) = request("another", "tools/list", json!({})).await;
    assert_eq!(answer["result"]["tools"], json!([]));
}

#[test]
fn the_contract_beside_the_server_is_what_it_prints() {
    let printed = Command::new(BINARY)
        .arg("contract")
        .env_clear()
        .output()
        .unwrap()
        .stdout;
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/contract.json");
    assert!(
        std::fs::read(path).unwrap_or_default() == printed,
        "contract.json is stale; run: cargo run -q -- contract > contract.json"
    );
}
