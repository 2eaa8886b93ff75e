//! The server behind API Gateway, called as MCP clients call it.

use mcp_lambda_testing::{check_contract, serve_program};
use serde_json::json;

const PROGRAM: &str = env!("CARGO_BIN_EXE_{{ project.name }}");

#[tokio::test]
async fn greets_the_caller() {
    let server = serve_program(PROGRAM).await.unwrap();
    let ada = server.caller("ada").scopes(&["greet"]);
    let response = ada.call("greet", json!({ "greeting": "hello" })).await;
    assert_eq!(response.text(), "hello, ada");
}

#[tokio::test]
async fn refuses_a_caller_without_the_oauth_scope() {
    let server = serve_program(PROGRAM).await.unwrap();
    let bob = server.caller("bob").scopes(&["another"]);
    let response = bob.call("greet", json!({ "greeting": "hello" })).await;
    assert_eq!(response.status(), 403);
}

#[test]
fn the_contract_is_current() {
    check_contract(PROGRAM, "contract.json").unwrap();
}
