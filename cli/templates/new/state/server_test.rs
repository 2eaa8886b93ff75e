//! The server behind API Gateway, called as MCP clients call it, with its table in memory.

use mcp_lambda_testing::{check_contract, serve_program};
use serde_json::json;

const PROGRAM: &str = env!("CARGO_BIN_EXE_{{ project.name }}");

#[tokio::test]
async fn keeps_the_notes_of_each_person() {
    let server = serve_program(PROGRAM).await.unwrap();
    let ada = server.caller("ada").scopes(&["notes.read", "notes.write"]);
    ada.call("add_note", json!({ "note": "buy milk" })).await;
    let added = ada.call("add_note", json!({ "note": "call Bob" })).await;
    assert_eq!(added.text(), "you have 2 notes");
    let bob = server.caller("bob").scopes(&["notes.read"]);
    assert_eq!(bob.call("list_notes", json!({})).await.text(), "");
    let listed = ada.call("list_notes", json!({})).await;
    assert_eq!(listed.text(), "buy milk\ncall Bob");
}

#[tokio::test]
async fn refuses_to_write_for_a_caller_who_may_only_read() {
    let server = serve_program(PROGRAM).await.unwrap();
    let bob = server.caller("bob").scopes(&["notes.read"]);
    let response = bob.call("add_note", json!({ "note": "buy milk" })).await;
    assert_eq!(response.status(), 403);
}

#[test]
fn the_contract_is_current() {
    check_contract(PROGRAM, "contract.json").unwrap();
}
