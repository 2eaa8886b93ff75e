//! What would hang, or end without an answer, if the library did not guard against it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use mcp_lambda::Definition;
use rmcp::ServerHandler;
use rmcp::model::ServerConfig;
use serde_json::json;

use crate::event_source::{Function, call, event, modern_event};
use crate::wire::HttpAnswer;

#[tokio::test]
async fn a_panicking_tool_is_a_tool_error_and_the_next_call_works() {
    let function = Function::streaming().await;
    let answer = function.call(&call("panics")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["result"]["isError"], true);
    assert_eq!(answer.tool_text(), "tool panics failed unexpectedly");
    let log = function.log.lock().unwrap().join("\n");
    assert!(
        log.contains("a tool panicked"),
        "the operator reads of it: {log}"
    );
    assert!(
        !String::from_utf8_lossy(&answer.body).contains("the dog ate it"),
        "the caller does not read the inside"
    );
    assert_eq!(function.call(&call("who_am_i")).await.status, 200);
}

#[tokio::test]
async fn a_panic_outside_a_tool_is_a_json_rpc_error() {
    let function = Function::streaming().await;
    let message =
        json!({ "jsonrpc": "2.0", "id": 4, "method": "prompts/get", "params": { "name": "p" } });
    let answer = function.call(&message).await;
    assert_eq!(
        (
            answer.json()["id"].as_i64(),
            answer.json()["error"]["code"].as_i64()
        ),
        (Some(4), Some(-32603))
    );
}

#[tokio::test]
async fn a_tool_that_does_not_finish_is_stopped_before_the_invocation_ends() {
    let function = Function::streaming().await;
    let invoked = function
        .invoke(&modern_event(&call("sleeps")), Duration::from_millis(900))
        .await;
    let answer = HttpAnswer::from_stream(&invoked.all().await);
    assert_eq!(answer.json()["result"]["isError"], true);
    assert_eq!(
        answer.tool_text(),
        "tool sleeps did not finish before the server's deadline"
    );
    assert_eq!(function.call(&call("who_am_i")).await.status, 200);
}

#[tokio::test]
async fn a_streaming_tool_that_does_not_finish_ends_its_stream_with_a_result() {
    let function = Function::streaming().await;
    let mut message = call("drums");
    message["params"]["_meta"] = json!({ "progressToken": 1 });
    let invoked = function
        .invoke(&modern_event(&message), Duration::from_millis(900))
        .await;
    let messages = HttpAnswer::from_stream(&invoked.all().await).events();
    assert_eq!(messages[0]["method"], "notifications/progress");
    assert_eq!(
        (&messages[1]["id"], &messages[1]["result"]["isError"]),
        (&json!(7), &json!(true))
    );
}

#[tokio::test]
async fn anything_else_that_does_not_finish_is_a_json_rpc_error_before_the_invocation_ends() {
    let function = Function::streaming().await;
    let message =
        json!({ "jsonrpc": "2.0", "id": 4, "method": "prompts/get", "params": { "name": "slow" } });
    let invoked = function
        .invoke(&modern_event(&message), Duration::from_millis(900))
        .await;
    let answer = HttpAnswer::from_stream(&invoked.all().await);
    assert_eq!((answer.status, &answer.json()["id"]), (200, &json!(4)));
    assert_eq!(answer.json()["error"]["code"], -32603);
}

#[tokio::test]
async fn a_panic_before_the_server_is_asked_leaves_the_process_alive() {
    /// Panics the first time it is asked who it is, which the engine does before it hands a request over.
    struct Forgetful(AtomicBool);

    impl ServerHandler for Forgetful {
        fn get_info(&self) -> ServerConfig {
            assert!(
                self.0.swap(true, Ordering::Relaxed),
                "the dog ate the passport"
            );
            ServerConfig::default()
        }
    }

    let definition = || {
        Definition::new("forgetful", "1.0.0", Vec::new(), |(), _| {
            Ok(Forgetful(AtomicBool::new(false)))
        })
    };
    let function = Function::start_server(&[], definition).await;
    let ping = json!({ "jsonrpc": "2.0", "id": 7, "method": "ping" });
    let answer = function.call_legacy(&ping).await;
    assert_eq!((answer.status, &answer.json()["id"]), (500, &json!(7)));
    assert_eq!(
        answer.json()["error"],
        json!({ "code": -32603, "message": "the server failed" })
    );
    assert_eq!(function.call_legacy(&ping).await.status, 200);
}

#[tokio::test]
async fn a_request_to_an_older_client_fails_fast_because_its_answer_could_not_arrive() {
    let function = Function::streaming().await;
    let answer = function
        .send(&event(
            &call("asks"),
            &[("MCP-Protocol-Version", "2025-11-25")],
        ))
        .await;
    let messages = answer.events();
    assert_eq!(messages.len(), 1, "the client is not asked: {messages:?}");
    assert_eq!(
        (&messages[0]["id"], &messages[0]["error"]["code"]),
        (&json!(7), &json!(-32600))
    );
}

#[tokio::test]
async fn subscriptions_are_not_offered_where_the_answer_is_buffered() {
    let function = Function::buffered().await;
    let discover = json!({ "jsonrpc": "2.0", "id": 1, "method": "server/discover" });
    let invoked = function
        .invoke(&modern_event(&discover), Duration::from_secs(10))
        .await;
    let answer = HttpAnswer::from_proxy_response(&invoked.all().await);
    assert_eq!(
        answer.json()["result"]["capabilities"]["tools"],
        json!({}),
        "no listChanged"
    );

    let invoked = function
        .invoke(&modern_event(&listen()), Duration::from_secs(10))
        .await;
    let answer = HttpAnswer::from_proxy_response(&invoked.all().await);
    assert_eq!(
        (answer.status, answer.json()["error"]["code"].as_i64()),
        (404, Some(-32601))
    );
}

#[tokio::test]
async fn a_subscription_ends_gracefully_before_the_invocation_does() {
    let function = Function::streaming().await;
    let invoked = function
        .invoke(&modern_event(&listen()), Duration::from_millis(900))
        .await;
    let messages = HttpAnswer::from_stream(&invoked.all().await).events();
    assert_eq!(
        messages[0]["method"],
        "notifications/subscriptions/acknowledged"
    );
    assert_eq!(messages[1]["id"], 5);
    assert!(
        messages[1]["result"].is_object(),
        "a result, not an error: {messages:?}"
    );
}

fn listen() -> serde_json::Value {
    json!({
        "jsonrpc": "2.0", "id": 5, "method": "subscriptions/listen",
        "params": { "notifications": { "toolsListChanged": true } }
    })
}
