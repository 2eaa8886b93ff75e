//! The audit trail from outside: each tool call has one record, which is written before its response, and none without it.

mod chain;
mod crashes;
#[cfg(feature = "state")]
mod streams;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use mcp_lambda::{Definition, ToolServer};
use mcp_lambda_testing::LogGroup;
use serde_json::{Value, json};

use crate::event_source::{Function, RESOURCE, call, event, modern_event};
use crate::server::{PROGRESS_SEEN, TestServer};
use crate::tools_api::{As, KEYS, URL, rest};

const GROUP: &str = "audit";

fn definition() -> Definition<TestServer> {
    crate::server::definition().audit_trail()
}

fn kennel() -> Definition<ToolServer<()>> {
    crate::tools_api::definition().audit_trail()
}

/// What a function needs to reach the log group.
pub(crate) fn variables(endpoint: &str) -> [(&'static str, &str); 5] {
    [
        ("MCP_AUDIT_LOG_GROUP", GROUP),
        ("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", endpoint),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "secret-example"),
    ]
}

async fn start() -> (Function, Arc<LogGroup>) {
    let (group, endpoint) = LogGroup::serve(GROUP).await.unwrap();
    let function = Function::start_server(&variables(&endpoint), definition).await;
    (function, group)
}

fn records(group: &LogGroup) -> Vec<Value> {
    let lines = group.lines();
    lines
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn echo(text: &str) -> Value {
    let mut message = call("echo");
    message["params"]["arguments"] = json!({ "text": text });
    message
}

#[tokio::test]
async fn a_record_says_who_called_what_and_how_it_ended_and_nothing_that_was_sent() {
    let (function, group) = start().await;
    let answer = function.call(&echo("for Ada alone")).await;
    assert_eq!(answer.tool_text(), "for Ada alone");
    let record = &records(&group)[0];
    assert_eq!(record["sequence"], 1);
    assert_eq!(record["server"], "test-server");
    assert_eq!(record["requestId"], "invocation-0");
    assert_eq!(record["api"], "mcp");
    assert_eq!(record["subject"], "5d2f0a64-9051-70a2-a7b1-0c6f7f3f0001");
    assert_eq!(record["kind"], "person");
    assert_eq!(record["tool"], "echo");
    assert_eq!(record["outcome"], "ok");
    assert!(
        record["scopes"]
            .as_array()
            .unwrap()
            .contains(&json!("tools"))
    );
    assert!(record["time"].as_str().unwrap().ends_with('Z'));
    let members: BTreeSet<&str> = record
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let expected = [
        "api",
        "chain",
        "client",
        "digest",
        "kind",
        "outcome",
        "previous",
        "requestId",
        "scopes",
        "sequence",
        "server",
        "subject",
        "time",
        "tool",
    ];
    assert_eq!(members, BTreeSet::from(expected));
    assert!(!group.lines()[0].contains("Ada"));
}

#[tokio::test]
async fn each_call_has_one_record_whichever_way_it_ends() {
    let (function, group) = start().await;
    let mut unreadable = call("echo");
    unreadable["params"]["arguments"] = json!({ "text": 1 });
    let mut nameless = call("echo");
    nameless["params"]["name"] = json!(["a secret"]);
    let ways = [
        (echo("text"), "ok", None, Some("echo")),
        (echo("error: text"), "toolError", None, Some("echo")),
        (
            echo("fail: a secret"),
            "failed",
            Some("-32603"),
            Some("echo"),
        ),
        (call("panics"), "toolError", None, Some("panics")),
        (
            call("administer"),
            "refused",
            Some("InsufficientScope"),
            Some("administer"),
        ),
        (call("a secret"), "refused", Some("ToolUnknown"), None),
        (
            unreadable,
            "refused",
            Some("ArgumentsInvalid"),
            Some("echo"),
        ),
        (nameless, "refused", Some("ParamsMalformed"), None),
    ];
    for (message, outcome, reason, tool) in &ways {
        for event in [
            modern_event(message),
            event(message, &[("MCP-Protocol-Version", "2025-06-18")]),
        ] {
            let before = records(&group).len();
            function.send(&event).await;
            let records = records(&group);
            assert_eq!(records.len(), before + 1, "{message}");
            let record = records.last().unwrap();
            assert_eq!(record["outcome"], *outcome, "{message}");
            let is_header = record["reason"] == "HeaderMismatch";
            assert!(
                is_header || record["reason"].as_str() == *reason,
                "{record}"
            );
            assert_eq!(record["tool"].as_str(), *tool, "{message}");
        }
    }
    let batch = json!([echo("one"), call("administer"), echo("two")]);
    function
        .send(&event(&batch, &[("MCP-Protocol-Version", "2025-03-26")]))
        .await;
    for other in ["tools/list", "ping"] {
        function
            .call(&json!({ "jsonrpc": "2.0", "id": 1, "method": other }))
            .await;
    }
    let lines = group.lines();
    assert_eq!(
        lines.len(),
        2 * ways.len() + 3,
        "a record for each call of the batch, none for other methods"
    );
    assert!(lines.iter().all(|line| !line.contains("secret")));
    chain::assert_whole(&lines, 1);
}

#[tokio::test]
async fn the_last_event_of_a_stream_follows_the_record() {
    let (function, group) = start().await;
    let mut message = call("progress");
    message["params"]["_meta"]["progressToken"] = json!("token");
    let mut invoked = function
        .invoke(&modern_event(&message), Duration::from_secs(60))
        .await;
    let seen = |received: &[u8], text: &str| String::from_utf8_lossy(received).contains(text);
    while !seen(&invoked.received, "notifications/progress") {
        assert!(invoked.more().await);
    }
    assert_eq!(group.lines().len(), 0, "the tool runs");
    PROGRESS_SEEN.add_permits(1);
    while !seen(&invoked.received, "done") {
        assert!(invoked.more().await);
    }
    assert_eq!(records(&group)[0]["outcome"], "ok");
}

#[tokio::test]
async fn no_tool_of_a_new_process_runs_before_it_can_write_records() {
    let (function, group) = start().await;
    group.refuse(Some("AccessDeniedException"));
    let refused = function.call(&echo("the result")).await;
    assert_eq!(refused.status, 503);
    assert_eq!(refused.header("Retry-After"), Some("1"));
    let error = refused.json()["error"]["message"].to_string();
    assert!(
        error.contains("the tool was not called, because")
            && error.contains("(AccessDenied: logs:CreateLogStream)"),
        "{error}"
    );
    group.refuse(None);
    assert_eq!(function.call(&echo("now")).await.tool_text(), "now");
    assert_eq!(chain::assert_whole(&group.lines(), 1).len(), 1);
}

#[tokio::test]
async fn a_result_without_a_record_is_withheld_and_then_no_tool_runs() {
    let (function, group) = start().await;
    assert_eq!(function.call(&echo("before")).await.status, 200);
    group.refuse(Some("AccessDeniedException"));
    let withheld = function.call(&echo("the result")).await;
    assert_eq!(withheld.status, 500);
    let error = withheld.json()["error"]["message"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        error.contains("(AccessDenied: logs:PutLogEvents); the tool may have run"),
        "{error}"
    );
    for message in [echo("again"), call("administer")] {
        let answer = function.call(&message).await;
        assert!(answer.status >= 500, "{}", answer.status);
    }
    let refused = function.call(&echo("again")).await;
    assert_eq!(refused.status, 503);
    assert_eq!(refused.header("Retry-After"), Some("1"));
    let error = refused.json()["error"]["message"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        error.starts_with("the tool was not called, because"),
        "{error}"
    );
    assert_eq!(
        function
            .call(&json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" }))
            .await
            .status,
        200
    );

    group.refuse(None);
    let answer = function.call(&echo("now")).await;
    assert_eq!(answer.tool_text(), "now");
    let outcomes: Vec<Value> = records(&group)
        .iter()
        .map(|record| record["outcome"].clone())
        .collect();
    assert_eq!(
        outcomes,
        ["ok", "ok", "refused", "ok"],
        "before, what had run, what was denied, and the call"
    );
    chain::assert_whole(&group.lines(), 1);
}

#[tokio::test]
async fn lost_requests_and_responses_lose_no_record_and_no_call() {
    let (function, group) = start().await;
    group.lose(0.1, 7);
    for number in 0..40 {
        let answer = function.call(&echo(&number.to_string())).await;
        assert_eq!(answer.status, 200, "{:?}", answer.json());
        assert_eq!(answer.tool_text(), number.to_string());
    }
    assert!(group.lines().len() > 40, "some were sent again");
    assert_eq!(chain::assert_whole(&group.lines(), 1).len(), 40);
}

#[tokio::test]
async fn a_tool_is_stopped_in_time_for_its_record() {
    let (function, group) = start().await;
    let event = modern_event(&call("sleeps"));
    let invoked = function.invoke(&event, Duration::from_secs(3)).await;
    let answer = crate::wire::HttpAnswer::from_stream(&invoked.all().await);
    assert!(answer.tool_text().contains("did not finish"));
    let record = &records(&group)[0];
    assert_eq!(
        (&record["outcome"], &record["reason"]),
        (&json!("toolError"), &json!("DeadlineReached"))
    );
}

#[tokio::test]
async fn plain_rest_calls_have_records_too() {
    let (group, endpoint) = LogGroup::serve(GROUP).await.unwrap();
    let mut variables = variables(&endpoint).to_vec();
    variables.extend([("MCP_TOOLS_URL", URL), ("MCP_TOOLS_KEYS", KEYS)]);
    let function = Function::start_server(&variables, kennel).await;
    let walker = As::Key("k1walker");
    let ways = [
        ("/functions/walk", walker, r#"{"dog":"Rex"}"#, "ok", None),
        (
            "/functions/walk",
            walker,
            r#"{"dog":"Brutus"}"#,
            "toolError",
            None,
        ),
        (
            "/execute",
            walker,
            r#"{"name":"walk","arguments":{"dog":1}}"#,
            "refused",
            Some("ArgumentsInvalid"),
        ),
        (
            "/functions/sell",
            walker,
            "",
            "refused",
            Some("InsufficientScope"),
        ),
        (
            "/functions/nothing",
            walker,
            "",
            "refused",
            Some("FunctionUnknown"),
        ),
        (
            "/functions/declared",
            As::Person,
            "",
            "refused",
            Some("NeedsMcpClient"),
        ),
        ("/execute", walker, "{", "refused", Some("NotJson")),
        ("/functions/walk", As::Nobody, r#"{"dog":"Rex"}"#, "", None),
    ];
    for (path, who, body, outcome, reason) in ways {
        let before = records(&group).len();
        function.send(&rest("POST", path, who, body)).await;
        let records = records(&group);
        if outcome.is_empty() {
            assert_eq!(records.len(), before, "without a caller");
            continue;
        }
        assert_eq!(records.len(), before + 1, "{path}");
        let record = records.last().unwrap();
        assert_eq!(record["api"], "rest");
        assert_eq!(record["outcome"], outcome, "{path}");
        assert_eq!(record["reason"].as_str(), reason, "{path}");
        if let As::Key(_) = who {
            assert_eq!(
                (&record["client"], &record["kind"]),
                (&json!("key-walker"), &json!("program"))
            );
        }
    }
    function.send(&rest("GET", "/functions", walker, "")).await;
    group.refuse(Some("AccessDeniedException"));
    let before = records(&group).len();
    let withheld = function
        .send(&rest("POST", "/functions/walk", walker, r#"{"dog":"Rex"}"#))
        .await;
    assert_eq!(withheld.status, 500);
    assert_eq!(withheld.json()["type"], "urn:mcp-lambda:problem:unrecorded");
    assert_eq!(records(&group).len(), before);
}

#[test]
fn the_contract_has_the_setting_of_a_server_that_declares_an_audit_trail_alone() {
    let has_setting = |contract: mcp_lambda::Contract| {
        let settings = json!(contract)["settings"].as_array().unwrap().clone();
        settings
            .iter()
            .any(|setting| setting["name"] == "MCP_AUDIT_LOG_GROUP")
    };
    assert!(has_setting(definition().contract().unwrap()));
    assert!(!has_setting(
        crate::server::definition().contract().unwrap()
    ));
}

#[cfg(feature = "state")]
#[tokio::test]
async fn a_task_has_a_record_of_its_call_and_one_of_its_tool() {
    use crate::tasks::cloud::{ALICE, Cloud};
    let (group, endpoint) = LogGroup::serve(GROUP).await.unwrap();
    let cloud = Cloud::start().await;
    let of_trail = [
        ("MCP_AUDIT_LOG_GROUP", GROUP),
        ("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", endpoint.as_str()),
    ];
    let audited = || crate::tasks::server::definition().audit_trail();
    #[expect(
        clippy::disallowed_methods,
        reason = "a test's processes have clocks of their own"
    )]
    let now = std::time::SystemTime::now;
    let (first, second) = (
        cloud.process_of(now, &of_trail, audited).await,
        cloud.process_of(now, &of_trail, audited).await,
    );
    let task = first
        .create(ALICE, "work", &json!({ "id": "audited" }))
        .await;
    cloud.deliver_all(&second).await;
    assert_eq!(first.look(&task).await["status"], "completed");
    let records = records(&group);
    let ends: Vec<_> = records
        .iter()
        .map(|record| (&record["api"], &record["outcome"]))
        .collect();
    let (mcp, task) = (json!("mcp"), json!("task"));
    assert_eq!(ends, [(&mcp, &task), (&task, &json!("ok"))]);
    assert!(
        records
            .iter()
            .all(|record| record["subject"] == ALICE && record["tool"] == "work")
    );
    assert_ne!(
        records[0]["chain"], records[1]["chain"],
        "a chain for each process"
    );
    assert!(RESOURCE.ends_with("/mcp"));
}
