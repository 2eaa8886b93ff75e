//! The counter server as a Lambda function, with its table in memory.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use mcp_lambda_testing::{ServerUnderTest, TestCaller, check_contract, serve_program};
use serde_json::{Value, json};

async fn counter() -> ServerUnderTest {
    let program = env!("CARGO_BIN_EXE_counter");
    serve_program(program).await.unwrap()
}

fn ada(counter: &ServerUnderTest) -> TestCaller {
    let scopes = ["counter.read", "counter.write"];
    counter.caller("ada").scopes(&scopes)
}

#[tokio::test]
async fn counts_for_every_conversation_on_its_own() {
    let counter = counter().await;
    let machine = counter.machine("robot");
    let machine = machine.scopes(&["counter.write"]);
    let mut handles = BTreeMap::new();
    for (caller, conversation, tool, arguments, count) in [
        (ada(&counter), "first", "getCounter", json!({}), 0),
        (ada(&counter), "first", "incrementCounter", json!({}), 1),
        (
            ada(&counter),
            "first",
            "incrementCounter",
            json!({ "by": 41 }),
            42,
        ),
        (
            ada(&counter),
            "second",
            "incrementCounter",
            json!({ "by": 3 }),
            3,
        ),
        (machine, "third", "incrementCounter", json!({}), 1),
        (ada(&counter), "first", "getCounter", json!({}), 42),
    ] {
        let mut arguments = arguments;
        if let Some(handle) = handles.get(conversation) {
            arguments["conversation"] = Value::clone(handle);
        }
        let result = caller.call(tool, arguments).await;
        assert_eq!(result.structured()["count"], count, "{conversation} {tool}");
        assert_eq!(result.text().lines().next(), Some(&*count.to_string()));
        if let Some(handle) = result.conversation() {
            handles.insert(conversation, json!(handle));
        }
    }
    assert_eq!(counter.kept_items(), 3);
    let stolen = json!({ "conversation": handles["first"] });
    let bob = counter.caller("bob").scopes(&["counter.write"]);
    assert!(!bob.call("incrementCounter", stolen).await.is_ok());
}

#[tokio::test]
async fn needs_only_the_aws_actions_that_the_contract_declares() {
    let counter = counter().await;
    let begun = ada(&counter).call("incrementCounter", json!({})).await;
    for tool in ["getCounter", "incrementCounter"] {
        let arguments = json!({ "conversation": begun.conversation() });
        let result = ada(&counter).call(tool, arguments).await;
        assert!(result.is_ok(), "{result:?}");
    }
    let contract = counter::server().contract().unwrap();
    let declared: BTreeSet<String> = contract
        .tools
        .iter()
        .flat_map(|tool| &tool.aws_actions)
        .flat_map(|permission| &permission.actions)
        .map(|action| action.replace("dynamodb:", ""))
        .collect();
    let operations = counter.table_operations();
    assert_eq!(operations.into_iter().collect::<BTreeSet<_>>(), declared);
}

#[tokio::test]
async fn refuses_amounts_out_of_bounds_without_asking_the_table() {
    let counter = counter().await;
    for (by, rule) in [(0, "at least 1"), (-1, "at least 1"), (101, "at most 100")] {
        let refused = ada(&counter)
            .call("incrementCounter", json!({ "by": by }))
            .await;
        assert!(!refused.is_ok());
        assert_eq!(refused.text(), format!("by: must be {rule}, got {by}"));
    }
    assert_eq!(counter.table_operations(), Vec::<String>::new());
}

#[tokio::test]
async fn keeps_readers_from_writing() {
    let counter = counter().await;
    let reader = counter.caller("ada").scopes(&["counter.read"]);
    assert_eq!(reader.tools().await, ["getCounter"]);
    let refused = reader.call("incrementCounter", json!({})).await;
    assert_eq!(
        (refused.status(), &refused.body()["error"]["code"]),
        (403, &json!(-32003))
    );
    assert_eq!(counter.table_operations(), Vec::<String>::new());
    assert!(reader.call("getCounter", json!({})).await.is_ok());
}

#[test]
fn the_checked_in_contract_is_what_the_server_prints() {
    check_contract(env!("CARGO_BIN_EXE_counter"), "contract.json").unwrap();
}

#[test]
fn names_the_missing_variables_of_lambda_itself() {
    let output = Command::new(env!("CARGO_BIN_EXE_counter"))
        .env_clear()
        .env("MCP_RESOURCE", "https://mcp.example.com/mcp")
        .env(
            "MCP_ISSUER",
            "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Example01",
        )
        .env("MCP_STATE_TABLE", "state-table")
        .env(
            "MCP_STATE_KEYS",
            "one:0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ01",
        )
        .env("AWS_REGION", "eu-central-1")
        .output()
        .unwrap();
    assert!(!output.status.success());
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(
        log.contains("AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY not set"),
        "{log}"
    );
}

#[tokio::test]
async fn each_call_has_a_record_in_the_audit_trail() {
    let server = counter().await.audited().await.unwrap();
    let anna = server.caller("anna").scopes(&["counter.read"]);
    anna.call("getCounter", json!({})).await;
    anna.call("incrementCounter", json!({})).await;
    let records = server.audit_records();
    let outcomes: Vec<_> = records
        .iter()
        .map(|record| (&record["subject"], &record["tool"], &record["outcome"]))
        .collect();
    assert_eq!(
        json!(outcomes),
        json!([
            ["anna", "getCounter", "ok"],
            ["anna", "incrementCounter", "refused"]
        ])
    );
}
