//! `mcp-lambda logs` against a mock of CloudWatch Logs.

use std::process::Output;

use axum::response::IntoResponse;
use serde_json::{Value, json};

use crate::stub::{Asked, Stub};

const REQUEST: &str = r#"{"level":"INFO","message":"request","method":"tools/call","tool":"buy","client":"codex-mcp-client","status":200,"outcome":"ok","durationMs":6.2}"#;
const PANIC: &str = r#"{"level":"ERROR","message":"a panic","place":"src/server.rs:150:9"}"#;
const GROUPS: [&str; 4] = [
    "Shop-ServerAuditLog1469053E-a1",
    "Shop-ServerFunctionLog04964BC3-x9Yz",
    "Shop-AuthorizationServerFunctionLog1469053E-a1B2",
    "Shop-prod-ServerFunctionLog04964BC3-q7",
];

fn answer(asked: &Asked) -> Value {
    let target = asked.headers["x-amz-target"].to_str().unwrap();
    let body: Value = serde_json::from_slice(&asked.body).unwrap();
    if target.ends_with("DescribeLogGroups") {
        let prefix = body["logGroupNamePrefix"].as_str().unwrap_or_default();
        let groups: Vec<Value> = GROUPS
            .iter()
            .filter(|name| name.starts_with(prefix))
            .map(|name| json!({ "logGroupName": name }))
            .collect();
        return json!({ "logGroups": groups });
    }
    let event = |id: &str, timestamp: i64, message: &str| json!({ "eventId": id, "timestamp": timestamp, "message": message });
    let events = match (
        body["logGroupName"].as_str().unwrap(),
        body["nextToken"].as_str(),
    ) {
        ("Shop-ServerFunctionLog04964BC3-x9Yz", None) => {
            return json!({ "events": [event("1", 2_000, "START RequestId: 1\n"), event("2", 4_500, REQUEST)], "nextToken": "more" });
        }
        ("Shop-ServerFunctionLog04964BC3-x9Yz", Some(_)) => vec![event("3", 5_000, PANIC)],
        ("Shop-AuthorizationServerFunctionLog1469053E-a1B2", _) => {
            vec![event("4", 3_000, r#"{"endpoint":"token","status":200}"#)]
        }
        ("Shop-ServerAuditLog1469053E-a1", _) => {
            vec![event("6", 3_500, r#"{"chain":"c0ffee","subject":"anna"}"#)]
        }
        // The command must not ask for the logs of another stack.
        (other, _) => vec![event("5", 0, other)],
    };
    json!({ "events": events })
}

async fn run(arguments: &str) -> (Output, Vec<Asked>) {
    let stub = Stub::answering(|asked| answer(asked).to_string().into_response()).await;
    let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_mcp-lambda"))
        .args(arguments.split(' '))
        .env_clear()
        .envs([
            ("AWS_ACCESS_KEY_ID", "id"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            (
                "AWS_ENDPOINT_URL",
                &format!("http://127.0.0.1:{}", stub.port),
            ),
        ])
        .output()
        .await
        .unwrap();
    (output, stub.asked())
}

#[tokio::test]
async fn the_functions_of_one_stack_are_shown_in_the_order_of_time() {
    let (output, asked) = run("logs Shop --region eu-west-1").await;
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "1970-01-01T00:00:03Z  AuthorizationServerFunction  authorization token  ok  200\n\
         1970-01-01T00:00:04Z  ServerFunction  tools/call buy  ok  200  6 ms  codex-mcp-client\n\
         1970-01-01T00:00:05Z  ServerFunction  PANIC  src/server.rs:150:9\n"
    );
    let body: Value = serde_json::from_slice(&asked.last().unwrap().body).unwrap();
    assert!(
        body["startTime"].as_i64().unwrap() > 1_700_000_000_000,
        "ten minutes ago, in milliseconds"
    );
}

#[tokio::test]
async fn an_audit_trail_is_shown_by_its_own_name_alone() {
    let (output, _) = run("logs Shop --region eu-west-1 --json").await;
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(!printed.contains("anna"), "{printed}");
    let (output, _) = run("logs Shop-ServerAuditLog1469053E-a1 --region eu-west-1 --json").await;
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.contains("anna"), "{printed}");
}

#[tokio::test]
async fn one_function_is_found_by_its_name_and_json_has_the_record_as_it_was() {
    let (output, _) = run("logs Shop-ServerFunction1A2B3C4D-zz --region eu-west-1 --json").await;
    let printed = String::from_utf8(output.stdout).unwrap();
    let last: Value = serde_json::from_str(printed.lines().last().unwrap()).unwrap();
    assert_eq!(
        last["record"],
        serde_json::from_str::<Value>(PANIC).unwrap()
    );
    assert_eq!(printed.lines().count(), 3);
}

#[tokio::test]
async fn an_unknown_name_and_a_missing_region_are_one_message_each() {
    for (arguments, message) in [
        (
            "logs Nothing --region eu-west-1",
            "\nerror: no log group in eu-west-1 belongs to 'Nothing': give the name of a stack, a function or a log group, and the Region with --region\n",
        ),
        (
            "logs Shop",
            "\nerror: no AWS Region is set: give --region, or set AWS_REGION or the region of your profile\n",
        ),
    ] {
        let (output, _) = run(arguments).await;
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(String::from_utf8(output.stderr).unwrap(), message);
    }
}
