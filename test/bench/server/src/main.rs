//! The benchmark's server on mcp-lambda, as a tool author writes one: two tools, each behind an OAuth scope.

use std::process::ExitCode;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use mcp_lambda::{Definition, Process, ToolPolicy};
use rmcp::handler::server::router::tool::ToolRouter;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{ProgressNotificationParam, ServerCapabilities, ServerConfig};
use rmcp::service::RequestContext;
use rmcp::{RoleServer, ServerHandler, schemars, tool, tool_handler, tool_router};
use serde::Deserialize;

struct Greeter {
    now: fn() -> SystemTime,
}

#[derive(Deserialize, schemars::JsonSchema)]
struct Greet {
    /// Whom to greet.
    name: String,
}

#[derive(Deserialize, schemars::JsonSchema)]
struct Report {
    /// How long to go on after the report.
    milliseconds: u64,
}

#[tool_router]
impl Greeter {
    /// Greets somebody.
    #[tool(meta = ToolPolicy::scopes(&["greet"]).meta())]
    async fn greet(&self, Parameters(Greet { name }): Parameters<Greet>) -> String {
        format!("hello, {name}")
    }

    /// Reports its progress once, with the time of the report.
    #[tool(meta = ToolPolicy::scopes(&["report"]).meta())]
    async fn report(
        &self,
        context: RequestContext<RoleServer>,
        Parameters(Report { milliseconds }): Parameters<Report>,
    ) -> String {
        if let Some(token) = context.meta.get_progress_token() {
            let now = (self.now)().duration_since(UNIX_EPOCH).unwrap_or_default();
            let progress =
                ProgressNotificationParam::new(token, 1.0).with_message(now.as_nanos().to_string());
            // A client that is gone does not want to know.
            let _ = context.peer.notify_progress(progress).await;
        }
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        "done".to_owned()
    }
}

/// Built once: rmcp builds it anew for each request where nothing else is named.
static TOOLS: LazyLock<ToolRouter<Greeter>> = LazyLock::new(Greeter::tool_router);

#[tool_handler(router = TOOLS)]
impl ServerHandler for Greeter {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }
}

#[expect(clippy::disallowed_methods, reason = "this is where the clock enters")]
fn main() -> ExitCode {
    let now = SystemTime::now;
    let build = move |(), _: &_| Ok(Greeter { now });
    let definition = Definition::new("greeter", "1.0.0", TOOLS.list_all(), build)
        .scope("greet", "Be greeted")
        .scope("report", "Watch the time");
    #[cfg(feature = "state")]
    let definition = definition.asks_clients();
    #[cfg(feature = "opentelemetry")]
    let definition = definition.opentelemetry();
    mcp_lambda::run(
        Process::new(std::env::args_os(), std::env::vars_os(), now),
        definition,
    )
}
