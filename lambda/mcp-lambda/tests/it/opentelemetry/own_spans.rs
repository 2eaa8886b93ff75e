//! Spans that a tool makes itself, in a process of its own: its tracer provider and its subscriber are the only ones.
#![expect(
    clippy::disallowed_methods,
    reason = "the test is also the program that it watches, which reads its environment and its clock"
)]

use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use mcp_lambda::{Access, Definition, HttpUrl, HttpsClient, Process};
use opentelemetry::global;
use opentelemetry::trace::{Span as _, Tracer};
use rmcp::{ServerHandler, tool, tool_handler, tool_router};
use serde_json::json;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::event_source::{Function, call, modern_event};
use crate::opentelemetry::receiver::{Receiver, members};
use crate::opentelemetry::settled;

struct Walker;

#[tool_router(vis = "pub(crate)")]
impl Walker {
    #[tool(description = "Walks a dog", meta = Access::scopes(&["tools"]).meta())]
    async fn walk(&self) -> String {
        let mut sniff = global::tracer("walker").start("sniff");
        sniff.end();
        chew().await;
        // The receiver takes whatever comes.
        let url = format!(
            "{}/ada@example.com?a-secret",
            std::env::var("OTEL_EXPORTER_OTLP_ENDPOINT").unwrap()
        );
        let url = HttpUrl::parse(&url).unwrap();
        let limit = Duration::from_secs(5);
        HttpsClient::new().get(&url, &[], 10, limit).await.unwrap();
        "walked".to_owned()
    }
}

#[tracing::instrument(target = "walker")]
async fn chew() {
    tokio::task::yield_now().await;
}

#[tool_handler]
impl ServerHandler for Walker {}

fn definition() -> Definition<Walker> {
    Definition::new(
        "walker",
        "1.0.0",
        Walker::tool_router().list_all(),
        |(), _| {
            let layer = tracing_opentelemetry::layer()
                .with_tracer(global::tracer("walker"))
                .with_filter(Targets::new().with_target("walker", tracing::Level::INFO));
            let _ =
                tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer));
            Ok(Walker)
        },
    )
    .scope("tools", "Use the tools")
    .opentelemetry()
}

#[test]
#[ignore = "run by the other test, in a process of its own"]
fn the_program() {
    let program = std::env::args_os().take(1);
    let process = Process::new(program, std::env::vars_os(), SystemTime::now);
    let _ = mcp_lambda::run(process, definition());
}

#[tokio::test]
async fn what_a_tool_traces_itself_is_below_its_call() {
    let receiver = Receiver::start().await;
    let mut child = None;
    let function = Function::elsewhere(|variables| {
        let mut program = Command::new(std::env::current_exe().unwrap());
        program
            .args([
                "--exact",
                "opentelemetry::own_spans::the_program",
                "--ignored",
            ])
            .env_clear()
            .envs(variables)
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", &receiver.url)
            .stdout(Stdio::null());
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
