//! What an operator learns of a request, and that CloudWatch can read it.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

use crate::event_source::{Function, TRACE, call, modern_event, set_header};
use crate::issuer::Issuer;
use crate::plain_http::{PlainServer, post};
use crate::server;

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn echo(text: &str) -> Value {
    let mut message = call("echo");
    message["params"]["arguments"]["text"] = json!(text);
    message
}

/// Takes a member out and checks that it is a number.
fn take_number(line: &mut Value, name: &str) -> f64 {
    let taken = line.as_object_mut().unwrap().remove(name);
    taken.as_ref().and_then(Value::as_f64).expect(name)
}

#[tokio::test]
async fn one_line_says_what_an_operator_asks_of_a_request() {
    let function = Function::start(&[
        ("MCP_METRICS", "off"),
        ("MCP_LOG_CLIENTS", "mine,test-client"),
    ])
    .await;
    let mut message = echo("hello");
    message["params"]["_meta"] = json!({ "traceparent": PARENT });
    let mut event = modern_event(&message);
    set_header(
        &mut event,
        "traceparent",
        "00-11111111111111111111111111111111-b7ad6b7169203331-01",
    );
    function.send(&event).await;
    function
        .call_legacy(&json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/list" }))
        .await;
    function.settled().await;
    let mut lines = function.requests();
    for line in &mut lines {
        assert!(take_number(line, "durationMs") >= 0.0);
    }
    assert_eq!(
        lines,
        [
            json!({
                "level": "INFO", "message": "request", "requestId": "invocation-0", "xrayTraceId": TRACE,
                "traceId": "0af7651916cd43dd8448eb211c80319c", "method": "tools/call", "tool": "echo",
                "protocolVersion": "2026-07-28", "client": "test-client", "status": 200, "outcome": "ok", "coldStart": true,
            }),
            json!({
                "level": "INFO", "message": "request", "requestId": "invocation-1", "xrayTraceId": TRACE,
                "method": "tools/list", "protocolVersion": "2025-11-25", "status": 200, "outcome": "ok", "coldStart": false,
            }),
        ]
    );
}

#[tokio::test]
async fn names_only_clients_that_somebody_has_vouched_for() {
    let function = Function::streaming().await;
    for (sent, logged) in [
        ("claude-code", "claude-code"),
        ("ada@example.com", "other"),
        ("claude-code ", "other"),
    ] {
        let info = json!({ "name": sent, "version": "1" });
        let initialize = json!({
            "jsonrpc": "2.0", "id": 1, "method": "initialize",
            "params": { "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": info }
        });
        function.call_legacy(&initialize).await;
        function.settled().await;
        let last = function.requests().pop().unwrap();
        assert_eq!(
            (&last["client"], &last["protocolVersion"]),
            (&json!(logged), &json!("2025-06-18"))
        );
    }
}

#[tokio::test]
async fn cloudwatch_can_make_metrics_of_a_tools_line() {
    let function = Function::streaming().await;
    for text in ["hello", "error: no", "fail: no", "panic: no"] {
        function.call(&echo(text)).await;
    }
    function
        .call(&json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/list" }))
        .await;
    function.call(&call("administer")).await;
    function.call(&call("unknown")).await;
    function.settled().await;
    let lines = function.requests();
    let outcomes: Vec<&str> = lines
        .iter()
        .map(|line| line["outcome"].as_str().unwrap())
        .collect();
    assert_eq!(
        outcomes,
        [
            "ok",
            "toolError",
            "error",
            "toolError",
            "ok",
            "refused",
            "error"
        ]
    );
    for (line, (errors, names)) in lines.iter().zip([
        (0, ["Calls", "Errors", "Latency", "ColdStarts"].as_slice()),
        (1, ["Calls", "Errors", "Latency"].as_slice()),
        (1, ["Calls", "Errors", "Latency"].as_slice()),
        (1, ["Calls", "Errors", "Latency"].as_slice()),
    ]) {
        // The rules of the embedded metric format: every name is a top-level member, a dimension's is a text.
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        assert!(
            line["_aws"]["Timestamp"].as_u64().unwrap() > 1_700_000_000_000,
            "milliseconds"
        );
        assert_eq!(directive["Namespace"], "McpLambda");
        assert_eq!(directive["Dimensions"], json!([["server", "tool"]]));
        assert_eq!(
            (&line["server"], &line["tool"]),
            (&json!("test-server"), &json!("echo"))
        );
        let metrics = directive["Metrics"].as_array().unwrap();
        let found: Vec<&str> = metrics
            .iter()
            .map(|metric| metric["Name"].as_str().unwrap())
            .collect();
        assert_eq!(found, names);
        for metric in metrics {
            assert!(
                line[metric["Name"].as_str().unwrap()].is_number(),
                "{metric} in {line}"
            );
        }
        assert_eq!(
            (&line["Calls"], &line["Errors"]),
            (&json!(1), &json!(errors))
        );
        assert_eq!(line["Latency"], line["durationMs"]);
    }
    for line in &lines[4..] {
        assert_eq!(line.get("_aws"), None, "no tool ran: {line}");
    }
}

#[tokio::test]
async fn a_streamed_answer_is_logged_when_it_ends() {
    let function = Function::streaming().await;
    let mut message = call("drums");
    message["params"]["_meta"] = json!({ "progressToken": 1 });
    let mut answer = function
        .invoke(&modern_event(&message), Duration::from_secs(2))
        .await;
    while !String::from_utf8_lossy(&answer.received).contains("notifications/progress") {
        assert!(answer.more().await);
    }
    assert_eq!(
        function.requests(),
        Vec::<Value>::new(),
        "the tool is still running"
    );
    answer.all().await;
    function.settled().await;
    let lines = function.requests();
    assert_eq!(
        (lines.len(), &lines[0]["outcome"]),
        (1, &json!("toolError")),
        "the deadline ended it"
    );
}

/// The line about the first request to a service.
async fn line_of(server: &PlainServer) -> Value {
    let line = async {
        loop {
            let found = server
                .log
                .lock()
                .unwrap()
                .iter()
                .find(|line| line.contains("\"request\""))
                .cloned();
            match found {
                Some(line) => return serde_json::from_str::<Value>(&line).unwrap(),
                None => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), line)
        .await
        .expect("a line")
}

#[tokio::test]
async fn a_task_of_amazon_ecs_writes_metrics_as_a_function_does() {
    let issuer = Issuer::start().await;
    let task = ("ECS_CONTAINER_METADATA_URI_V4", "http://169.254.170.2/v4/1");
    let server = PlainServer::start_with(&issuer, &[task], server::definition).await;
    let token = format!("Bearer {}", issuer.token(&server.claims()));
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let request = post(&server.url, Some(&token), &echo("hello"));
    client.request(request).await.unwrap();
    let line = line_of(&server).await;
    let metrics = line["_aws"]["CloudWatchMetrics"][0]["Metrics"]
        .as_array()
        .unwrap();
    let names: Vec<&str> = metrics
        .iter()
        .map(|metric| metric["Name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["Calls", "Errors", "Latency"]);
}

#[tokio::test]
async fn a_client_that_goes_away_leaves_a_line() {
    let issuer = Issuer::start().await;
    let server = PlainServer::start(&issuer).await;
    let mut message = call("drums");
    message["params"]["_meta"] = json!({ "progressToken": 1 });
    let token = format!("Bearer {}", issuer.token(&server.claims()));
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let mut answer = client
        .request(post(&server.url, Some(&token), &message))
        .await
        .unwrap();
    assert!(
        answer.body_mut().frame().await.is_some(),
        "the stream has begun"
    );
    drop((answer, client));
    let line = line_of(&server).await;
    assert_eq!(
        (&line["outcome"], &line["tool"]),
        (&json!("cancelled"), &json!("drums"))
    );
    assert_eq!(
        (line.get("coldStart"), line.get("_aws")),
        (None, None),
        "this is no function"
    );
}
