//! Both protocol eras, in the shapes in which a gateway delivers them.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::event_source::{Function, call, data, event, modern_event, set_header};
use crate::server::PROGRESS_SEEN;
use crate::wire::{HttpAnswer, events};

#[tokio::test]
async fn serves_a_client_of_2025_11_25_without_minting_a_session() {
    let function = Function::streaming().await;
    let answer = function
        .send(&event(&data("initialize-2025-11-25.json"), &[]))
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["result"]["protocolVersion"], "2025-11-25");
    assert_eq!(answer.header("mcp-session-id"), None);

    let answer = function
        .call_legacy(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }))
        .await;
    assert_eq!((answer.status, answer.body.len()), (202, 0));

    let mut message = call("echo");
    message["params"]["arguments"]["text"] = json!("wuff");
    let answer = function.call_legacy(&message).await;
    assert_eq!(
        answer.header("content-type"),
        Some("application/json"),
        "a quick answer is one JSON document"
    );
    assert_eq!(answer.tool_text(), "wuff");
    assert_eq!(answer.json()["id"], 7);
}

#[tokio::test]
async fn serves_a_client_of_2026_07_28_without_initialize() {
    let function = Function::streaming().await;
    let answer = function.call(&data("discover-2026-07-28.json")).await;
    assert_eq!(answer.status, 200);
    let discovered = answer.json();
    assert_eq!(discovered["id"], "d-1");
    let versions = discovered["result"]["supportedVersions"]
        .as_array()
        .unwrap();
    assert!(versions.contains(&json!("2026-07-28")) && versions.contains(&json!("2025-11-25")));

    let mut message = call("echo");
    message["params"]["arguments"]["text"] = json!("wau");
    let answer = function.call(&message).await;
    assert_eq!(answer.tool_text(), "wau");
    assert_eq!(answer.json()["result"]["resultType"], "complete");
}

#[tokio::test]
async fn a_client_sees_the_name_of_the_definition_where_the_handler_gives_none() {
    let function = Function::streaming().await;
    let identity = json!({ "name": "test-server", "version": "1.0.0" });
    let initialized = function
        .send(&event(&data("initialize-2025-11-25.json"), &[]))
        .await;
    assert_eq!(initialized.json()["result"]["serverInfo"], identity);
    let discovered = function.call(&data("discover-2026-07-28.json")).await;
    let meta = &discovered.json()["result"]["_meta"];
    assert_eq!(meta["io.modelcontextprotocol/serverInfo"], identity);
}

#[tokio::test]
async fn answers_buffered_when_the_gateway_buffers() {
    let function = Function::buffered().await;
    let mut message = call("echo");
    message["params"]["arguments"]["text"] = json!("größer");
    let invoked = function
        .invoke(&modern_event(&message), Duration::from_secs(10))
        .await;
    assert!(
        !invoked
            .headers
            .contains_key("Lambda-Runtime-Function-Response-Mode")
    );
    let answer = HttpAnswer::from_proxy_response(&invoked.all().await);
    assert_eq!(
        (answer.status, answer.tool_text().as_str()),
        (200, "größer")
    );
    assert_eq!(answer.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn reads_a_body_that_the_gateway_encoded() {
    let function = Function::streaming().await;
    let mut event = event(&data("initialize-2025-11-25.json"), &[]);
    event["body"] = json!(STANDARD.encode(event["body"].as_str().unwrap()));
    event["isBase64Encoded"] = json!(true);
    assert_eq!(
        function.send(&event).await.json()["result"]["protocolVersion"],
        "2025-11-25"
    );
}

#[tokio::test]
async fn reads_headers_from_either_form() {
    let function = Function::streaming().await;
    let mut only_single = modern_event(&data("discover-2026-07-28.json"));
    only_single["multiValueHeaders"] = json!(null);
    assert_eq!(function.send(&only_single).await.status, 200);
    let mut only_multiple = modern_event(&data("discover-2026-07-28.json"));
    only_multiple["headers"] = json!(null);
    assert_eq!(function.send(&only_multiple).await.status, 200);
}

#[tokio::test]
async fn delivers_progress_while_the_tool_still_runs() {
    let function = Function::streaming().await;
    let mut message = call("progress");
    message["params"]["_meta"] = json!({ "progressToken": "p-1" });
    let mut invoked = function
        .invoke(&modern_event(&message), Duration::from_secs(30))
        .await;
    // The tool ends only after this test has seen the notification, so nothing can have been held back.
    let seen = async {
        while !String::from_utf8_lossy(&invoked.received).contains("notifications/progress") {
            assert!(invoked.more().await, "the answer ended without progress");
        }
    };
    tokio::time::timeout(Duration::from_secs(10), seen)
        .await
        .expect("progress arrives before the tool ends");
    PROGRESS_SEEN.add_permits(1);
    let answer = HttpAnswer::from_stream(&invoked.all().await);
    assert_eq!(answer.header("content-type"), Some("text/event-stream"));
    let messages = events(&answer.body);
    assert_eq!(messages[0]["params"]["progressToken"], "p-1");
    assert_eq!(messages[1]["result"]["content"][0]["text"], "done");
    assert_eq!(messages.len(), 2);
}

#[tokio::test]
async fn answers_malformed_messages_with_json_rpc_errors() {
    let function = Function::streaming().await;
    for (body, status, code) in [
        ("{\"jsonrpc\":", 400, -32700),
        ("hello", 400, -32700),
        ("", 400, -32700),
        ("[]", 400, -32600),
        (
            "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}]",
            400,
            -32600,
        ),
        ("{}", 400, -32600),
        (
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"id\":2,\"method\":\"ping\"}",
            400,
            -32600,
        ),
        ("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}", 400, -32600),
    ] {
        let mut event = event(&json!(null), &[("MCP-Protocol-Version", "2025-11-25")]);
        event["body"] = json!(body);
        let answer = function.send(&event).await;
        assert_eq!(
            (answer.status, answer.json()["error"]["code"].as_i64()),
            (status, Some(code)),
            "{body}"
        );
        assert_eq!(answer.json()["jsonrpc"], "2.0", "{body}");
    }
}

#[tokio::test]
async fn keeps_the_protocol_engines_verdicts_on_headers_and_versions() {
    let function = Function::streaming().await;
    let list = json!({ "jsonrpc": "2.0", "id": 3, "method": "tools/list" });

    let mut mismatch = modern_event(&list);
    set_header(&mut mismatch, "Mcp-Method", "tools/call");
    let answer = function.send(&mismatch).await;
    assert_eq!(
        (answer.status, answer.json()["error"]["code"].as_i64()),
        (400, Some(-32020))
    );

    let unknown = function
        .call(&json!({ "jsonrpc": "2.0", "id": 3, "method": "dogs/list" }))
        .await;
    assert_eq!(
        (unknown.status, unknown.json()["error"]["code"].as_i64()),
        (404, Some(-32601))
    );
    let no_tool = function.call(&call("getCatFacts")).await;
    assert_eq!(no_tool.json()["error"]["code"], -32602);
}

#[tokio::test]
async fn refuses_wrong_media_types_as_json_rpc_errors_with_the_callers_id() {
    let function = Function::streaming().await;
    let list = json!({ "jsonrpc": "2.0", "id": "x-1", "method": "tools/list" });
    for (name, value, status) in [
        ("Accept", "text/html", 406),
        ("Content-Type", "text/plain", 415),
    ] {
        let answer = function.send(&event(&list, &[(name, value)])).await;
        assert_eq!(answer.status, status, "{name}");
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(
            (&answer.json()["id"], &answer.json()["error"]["code"]),
            (&json!("x-1"), &json!(-32000))
        );
    }
    let lenient = function.send(&event(&list, &[("Accept", "*/*")])).await;
    assert_eq!(
        lenient.status, 200,
        "a client that accepts anything accepts what the protocol has"
    );
}

#[tokio::test]
async fn answers_other_methods_with_405_and_allow_post() {
    let function = Function::streaming().await;
    for method in ["GET", "DELETE", "PUT"] {
        let mut event = event(&json!(null), &[]);
        event["httpMethod"] = json!(method);
        event["body"] = json!(null);
        let answer = function.send(&event).await;
        assert_eq!(
            (answer.status, answer.header("allow")),
            (405, Some("POST")),
            "{method}"
        );
    }
}

#[tokio::test]
async fn tolerates_events_that_are_not_requests_and_goes_on() {
    let function = Function::streaming().await;
    for odd in [
        data("event-platform.json"),
        json!({}),
        json!([1, 2]),
        json!("warm-up"),
        json!({ "version": "2.0", "rawPath": "/mcp" }),
    ] {
        let invoked = function.invoke(&odd, Duration::from_secs(10)).await;
        assert!(!invoked.is_error, "{odd}");
        assert_eq!(invoked.all().await, "null", "{odd}");
    }
    assert_eq!(
        function
            .call(&data("discover-2026-07-28.json"))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn a_client_that_would_rather_have_an_event_stream_gets_one() {
    let function = Function::streaming().await;
    let answer = async |message: &Value, accept: &str, version: Option<&str>| {
        let mut event = modern_event(message);
        if let Some(version) = version {
            event = crate::event_source::event(message, &[("MCP-Protocol-Version", version)]);
        }
        crate::event_source::set_header(&mut event, "Accept", accept);
        function.send(&event).await
    };
    let first = "text/event-stream, application/json";
    let streamed = answer(&call("headers"), first, None).await;
    assert_eq!(streamed.header("content-type"), Some("text/event-stream"));
    let events = streamed.events();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["id"], 7);
    assert_eq!(events[0]["result"]["isError"], false);
    // An error keeps its status and its form, and older revisions want streams that can be resumed.
    let unknown = json!({ "jsonrpc": "2.0", "id": 7, "method": "no/such", "params": {} });
    let refused = answer(&unknown, first, None).await;
    assert_eq!(
        (refused.status, refused.header("content-type")),
        (404, Some("application/json"))
    );
    let older = answer(&call("headers"), first, Some("2025-11-25")).await;
    assert_eq!(older.header("content-type"), Some("application/json"));
}
