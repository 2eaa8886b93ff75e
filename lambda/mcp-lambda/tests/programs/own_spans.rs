//! The function of `it/opentelemetry/own_spans.rs`: its tracer provider and its subscriber are the only ones of its process.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a program reads its environment and its clock, and what the test asks of it works"
)]

use std::time::{Duration, SystemTime};

use mcp_lambda::{Definition, HttpUrl, HttpsClient, Process, ToolPolicy};
use opentelemetry::global;
use opentelemetry::trace::{Span as _, Tracer};
use rmcp::{ServerHandler, tool, tool_handler, tool_router};
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;

struct Walker;

#[tool_router(vis = "pub(crate)")]
impl Walker {
    #[tool(description = "Walks a dog", meta = ToolPolicy::scopes(&["tools"]).meta())]
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

fn main() {
    let program = std::env::args_os().take(1);
    let process = Process::new(program, std::env::vars_os(), SystemTime::now);
    let _ = mcp_lambda::run(process, definition());
}
