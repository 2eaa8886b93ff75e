//! Spans that a tool makes itself, in a process of its own (`tests/programs/own_spans.rs`).

use std::process::{Command, Stdio};

use serde_json::json;

use crate::event_source::{Function, call, modern_event};
use crate::opentelemetry::receiver::{Receiver, members};
use crate::opentelemetry::settled;
use crate::programs::program;

#[tokio::test]
async fn what_a_tool_traces_itself_is_below_its_call() {
    let receiver = Receiver::start().await;
    let mut child = None;
    let function = Function::elsewhere(|variables| {
        let mut program = Command::new(program("own_spans_function"));
        program
            .env_clear()
            .envs(variables)
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", &receiver.url)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        child = Some(program.spawn().unwrap());
    })
    .await;
    function.send(&modern_event(&call("walk"))).await;
    settled(&function).await;
    let mut child = child.unwrap();
    child.kill().unwrap();
    child.wait().unwrap();

    let spans = receiver.spans();
    let walk = spans
        .iter()
        .find(|span| span.name == "tools/call walk")
        .unwrap();
    for name in ["sniff", "chew", "GET"] {
        let own = spans.iter().find(|span| span.name == name);
        let own = own.unwrap_or_else(|| panic!("no {name} in {spans:?}"));
        assert_eq!(
            (&own.trace_id, &own.parent_span_id),
            (&walk.trace_id, &walk.span_id),
            "{name}"
        );
    }
    let get = spans.iter().find(|span| span.name == "GET").unwrap();
    let port: i64 = receiver.url.rsplit(':').next().unwrap().parse().unwrap();
    let expected =
        json!({ "http.request.method": "GET", "server.address": "127.0.0.1", "server.port": port });
    assert_eq!(members(&get.attributes), expected, "nothing of the URL");
    assert_eq!(spans.len(), 4, "nothing of a library: {spans:?}");
}
