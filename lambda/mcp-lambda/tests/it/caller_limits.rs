//! The limits of single callers from outside: exact whichever processes count, with the same response in every way in.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::future::join_all;
use mcp_lambda::{Definition, Server, ToolServer, tool};
use serde_json::{Value, json};

use crate::dynamodb::Table;
use crate::event_source::{Function, RESOURCE, call, modern_event};
use crate::tools_api::{As, URL, rest};

const REQUESTS: &str = "MCP_CALLER_REQUESTS_PER_MINUTE";
const TOOLS: &str = "MCP_CALLER_TOOL_CALLS_PER_DAY";

/// Walks a dog.
#[tool(scope = "walk")]
async fn walk() -> String {
    "walked".to_owned()
}

/// Feeds a dog.
#[tool(scope = "walk")]
async fn feed() -> String {
    "fed".to_owned()
}

fn definition() -> Definition<ToolServer<()>> {
    Server::new("kennel", "1.0.0")
        .scope("walk", "Walk dogs")
        .tool(walk)
        .tool(feed)
        .limits_callers()
        .definition()
}

async fn function(table: &Table, more: &[(&str, &str)]) -> Function {
    let mut variables = table.variables().to_vec();
    variables.extend(more);
    Function::start_server_at(now, &variables, definition).await
}

/// A clock that stands still, so that no window ends during a test; in the past, so that no deadline has passed.
fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_700_000_000)
}

fn of(subject: &str, tool: &str) -> Value {
    let mut event = modern_event(&call(tool));
    let claims = &mut event["requestContext"]["authorizer"]["claims"];
    claims["sub"] = json!(subject);
    claims["scope"] = json!(format!("{RESOURCE}/walk"));
    event
}

#[tokio::test]
async fn exactly_fifty_of_two_hundred_requests_pass_at_four_processes() {
    let table = Table::start().await;
    let setting = [(REQUESTS, "50")];
    let processes = join_all((0..4).map(|_| function(&table, &setting))).await;
    let mut passed = 0;
    let anna = of("anna", "walk");
    let requests = (0..200).map(|number| processes[number % 4].send(&anna));
    for answer in join_all(requests).await {
        match answer.status {
            200 => passed += 1,
            status => {
                assert_eq!(status, 429);
                let seconds: u64 = answer.header("Retry-After").unwrap().parse().unwrap();
                assert!((1..=60).contains(&seconds));
                let error = answer.json()["error"]["message"]
                    .as_str()
                    .unwrap()
                    .to_owned();
                assert!(error.contains("50 requests a minute"), "{error}");
            }
        }
    }
    assert_eq!(passed, 50);
    let bert = processes[0].send(&of("bert", "walk")).await;
    assert_eq!(bert.status, 200, "another person");
    assert!(
        table
            .operations()
            .iter()
            .all(|operation| operation == "UpdateItem")
    );
}

#[tokio::test]
async fn a_call_above_the_limit_of_a_tool_is_an_error_that_says_when_to_call_again() {
    let table = Table::start().await;
    let limits = [(TOOLS, r#"{"walk":2}"#), ("MCP_TOOLS_URL", URL)];
    let function = function(&table, &limits).await;
    for _ in 0..2 {
        assert_eq!(
            function.send(&of("anna", "walk")).await.tool_text(),
            "walked"
        );
    }
    let refused = function.send(&of("anna", "walk")).await;
    assert_eq!(refused.status, 200, "the model reads it");
    assert_eq!(refused.json()["result"]["isError"], true);
    let text = refused.tool_text();
    assert!(
        text.contains("the limit of 2 calls of walk a day"),
        "{text}"
    );
    assert!(text.contains("after midnight UTC"), "{text}");
    assert_eq!(function.send(&of("anna", "feed")).await.tool_text(), "fed");
    assert_eq!(
        function.send(&of("bert", "walk")).await.tool_text(),
        "walked"
    );
    assert_eq!(
        table.operations().len(),
        4,
        "a tool without a limit is not counted"
    );

    let mut event = rest("POST", "/functions/walk", As::Person, "{}");
    event["requestContext"]["authorizer"]["claims"]["sub"] = json!("anna");
    let refused = function.send(&event).await;
    assert_eq!(refused.status, 429, "plain REST has the same counter");
    assert_eq!(
        refused.json()["type"],
        "urn:mcp-lambda:problem:limit-reached"
    );
    let seconds: u64 = refused.header("Retry-After").unwrap().parse().unwrap();
    assert!((1..=86_400).contains(&seconds));
}

#[tokio::test]
async fn plain_rest_requests_count_as_requests() {
    let table = Table::start().await;
    let limits = [(REQUESTS, "1"), ("MCP_TOOLS_URL", URL)];
    let function = function(&table, &limits).await;
    let list = rest("GET", "/functions", As::Person, "");
    let answers = join_all((0..6).map(|_| function.send(&list))).await;
    let passed = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(passed, 1);
    let refused = answers.iter().find(|answer| answer.status == 429).unwrap();
    assert!(refused.header("Retry-After").is_some());
}

#[tokio::test]
async fn a_request_that_cannot_be_counted_is_refused() {
    let table = Table::start().await;
    let function = function(&table, &[(REQUESTS, "50")]).await;
    table.refuse("AccessDeniedException");
    let refused = function.send(&of("anna", "walk")).await;
    assert_eq!(refused.status, 500);
    let error = refused.json()["error"]["message"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        error.contains("AccessDenied: dynamodb:UpdateItem"),
        "{error}"
    );
    table.recover();
    table.throttle(2);
    assert_eq!(
        function.send(&of("anna", "walk")).await.tool_text(),
        "walked"
    );
}

#[tokio::test]
async fn without_the_settings_nothing_is_counted() {
    let table = Table::start().await;
    let function = function(&table, &[]).await;
    assert_eq!(
        function.send(&of("anna", "walk")).await.tool_text(),
        "walked"
    );
    assert!(table.operations().is_empty());
}

#[test]
fn the_contract_of_a_server_that_limits_callers_has_the_table_and_the_settings() {
    let contract = json!(definition().contract().unwrap());
    assert_eq!(contract["resources"][0]["name"], "state");
    let settings = contract["settings"].as_array().unwrap();
    let required = |name: &str| {
        let setting = settings.iter().find(|setting| setting["name"] == name);
        setting.map(|setting| setting["required"].clone())
    };
    assert_eq!(required("MCP_STATE_TABLE"), Some(json!(true)));
    assert_eq!(required(REQUESTS), Some(json!(false)));
    assert_eq!(required(TOOLS), Some(json!(false)));
    assert_eq!(required("MCP_STATE_KEYS"), None, "nothing is sealed");
}
