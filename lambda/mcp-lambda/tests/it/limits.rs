//! What is refused before it is parsed, and messages that two readers could read differently.

use serde_json::{Value, json};

use crate::event_source::{Function, call, event, modern_event, set_header};
use crate::issuer::Issuer;
use crate::plain_http::{PlainServer, post, send};
use crate::wire::HttpAnswer;

const LEGACY: [(&str, &str); 1] = [("MCP-Protocol-Version", "2025-11-25")];

async fn send_body(function: &Function, body: &str) -> HttpAnswer {
    let mut event = event(&json!({}), &LEGACY);
    event["body"] = json!(body);
    function.send(&event).await
}

fn refusal(answer: &HttpAnswer) -> (u16, i64) {
    (
        answer.status,
        answer.json()["error"]["code"].as_i64().unwrap_or_default(),
    )
}

/// A call of `echo` with these members of `params` besides.
fn echo(more: &str) -> String {
    format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{{\"name\":\"echo\",\"arguments\":{{\"text\":\"a\"}}{more}}}}}"
    )
}

#[tokio::test]
async fn refuses_nesting_headers_and_bodies_beyond_the_limits_with_the_right_status() {
    let function = Function::streaming().await;
    let nested = |depth: usize| {
        echo(&format!(
            ",\"x\":{}{}",
            "[".repeat(depth),
            "]".repeat(depth)
        ))
    };
    assert_eq!(send_body(&function, &nested(62)).await.tool_text(), "a");
    assert_eq!(
        refusal(&send_body(&function, &nested(63)).await),
        (400, -32600)
    );
    let abyss = "[".repeat(1_000_000);
    assert_eq!(refusal(&send_body(&function, &abyss).await), (400, -32600));

    let long = "a".repeat(33 * 1024);
    for (count, value) in [(1, long.as_str()), (100, "a")] {
        let mut event = modern_event(&call("headers"));
        for number in 0..count {
            set_header(&mut event, &format!("X-{number}"), value);
        }
        assert_eq!(refusal(&function.send(&event).await), (431, -32000));
    }
    let large = send_body(
        &function,
        &echo(&format!(",\"x\":\"{}\"", "a".repeat(4 * 1024 * 1024))),
    )
    .await;
    assert_eq!(refusal(&large), (413, -32000));
}

#[tokio::test]
async fn plain_http_refuses_too_many_headers_as_well() {
    let issuer = Issuer::start().await;
    let server = PlainServer::start(&issuer).await;
    let mut many = post(&server.url, None, &call("echo"));
    for number in 0..120 {
        let name = http::HeaderName::try_from(format!("x-{number}")).unwrap();
        many.headers_mut().insert(name, "a".parse().unwrap());
    }
    assert_eq!(send(many).await.status, 431);
}

#[tokio::test]
async fn refuses_what_is_no_json_and_what_two_readers_could_read_differently() {
    let function = Function::streaming().await;
    for (body, code) in [
        ("{\"jsonrpc\":", -32700),
        ("\u{feff}{}", -32700),
        ("{'jsonrpc':'2.0'}", -32700),
        (
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"} {}",
            -32700,
        ),
        (
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\\ud800\"}",
            -32700,
        ),
        (
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"id\":2,\"method\":\"ping\"}",
            -32600,
        ),
        (
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"m\\u0065thod\":\"tools/list\"}",
            -32600,
        ),
        (&echo(",\"name\":\"administer\""), -32600),
        (&echo(",\"n\\u0061me\":\"administer\""), -32600),
        (
            &echo(",\"_meta\":{\"traceparent\":\"a\",\"traceparent\":\"b\"}"),
            -32600,
        ),
        (&echo(",\"x\":\"\\udc00\""), -32600),
    ] {
        assert_eq!(
            refusal(&send_body(&function, body).await),
            (400, code),
            "{body}"
        );
    }
    // Names are compared as they are: what looks alike is another tool.
    for name in [
        "ech\u{43e}",
        "\u{ff45}cho",
        "echo\u{200b}",
        "ECHO",
        "echo\0",
    ] {
        let answer = function.call_legacy(&call(name)).await;
        assert_eq!(answer.json()["error"]["code"], -32602, "{name:?}");
    }
}

#[tokio::test]
async fn reads_a_batch_of_the_one_revision_that_has_them() {
    let function = Function::streaming().await;
    let mut progress = call("ticks");
    progress["id"] = json!(9);
    progress["params"]["_meta"] = json!({ "progressToken": 1 });
    let batch = json!([
        { "jsonrpc": "2.0", "id": 1, "method": "ping" },
        { "jsonrpc": "2.0", "method": "notifications/initialized" },
        call("administer"),
        progress,
        1,
    ]);
    let first = [("MCP-Protocol-Version", "2025-03-26")];
    for headers in [first.as_slice(), &[]] {
        let answer = function.send(&event(&batch, headers)).await;
        assert_eq!(answer.status, 200);
        let responses = answer.json();
        let told: Vec<(&Value, &Value)> = responses
            .as_array()
            .unwrap()
            .iter()
            .map(|response| (&response["id"], &response["error"]["code"]))
            .collect();
        let none = &Value::Null;
        assert_eq!(
            told,
            [
                (&json!(1), none),
                (&json!(7), &json!(-32003)),
                (&json!(9), none),
                (none, &json!(-32600))
            ]
        );
    }
    for version in ["2025-06-18", "2025-11-25", "2026-07-28"] {
        let refused = function
            .send(&event(&batch, &[("MCP-Protocol-Version", version)]))
            .await;
        assert_eq!(refusal(&refused), (400, -32600), "{version}");
    }
    let notification = json!([{ "jsonrpc": "2.0", "method": "notifications/initialized" }]);
    let accepted = function.send(&event(&notification, &first)).await;
    assert_eq!((accepted.status, accepted.body.len()), (202, 0));
    let ping = json!({ "jsonrpc": "2.0", "id": 1, "method": "ping" });
    let mut begins = ping.clone();
    begins["method"] = json!("initialize");
    for refused in [json!([]), json!(vec![&ping; 33]), json!([ping, begins])] {
        assert_eq!(
            refusal(&function.send(&event(&refused, &first)).await),
            (400, -32600),
            "{refused}"
        );
    }
    let mut foreign = event(&json!([ping, ping]), &first);
    set_header(&mut foreign, "Origin", "https://evil.example");
    assert_eq!(function.send(&foreign).await.status, 403);
    let mut stranger = event(&batch, &first);
    stranger["requestContext"]["authorizer"] = json!(null);
    assert_eq!(function.send(&stranger).await.status, 401);
}

#[tokio::test]
async fn no_batch_is_read_where_it_would_count_as_one_request() {
    let function = Function::start(&[("MCP_BATCHES_ALLOWED", "false")]).await;
    let ping = json!({ "jsonrpc": "2.0", "id": 1, "method": "ping" });
    let first = [("MCP-Protocol-Version", "2025-03-26")];
    for batch in [
        json!([call("headers"), call("headers")]),
        json!([call("headers")]),
    ] {
        for headers in [first.as_slice(), &[]] {
            let refused = function.send(&event(&batch, headers)).await;
            assert_eq!(refusal(&refused), (400, -32600));
            assert_eq!(
                refused.json()["error"]["message"],
                "this server takes no batches, because it limits requests: send each message as a request of its own"
            );
        }
    }
    function.settled().await;
    let lines = function.requests();
    assert_eq!(
        lines.len(),
        4,
        "a line for each request, and none for a tool"
    );
    for line in lines {
        assert_eq!(
            (&line["refusal"], &line["tool"]),
            (&json!("BatchNotAllowed"), &Value::Null),
            "{line}"
        );
    }
    let single = function.send(&event(&ping, &first)).await;
    assert_eq!((single.status, &single.json()["id"]), (200, &json!(1)));
}
