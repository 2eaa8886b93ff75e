use std::sync::LazyLock;

use mcp_lambda::{Definition, SessionError, SessionState, ToolPolicy};
use rmcp::handler::server::router::tool::ToolRouter;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{CallToolResult, ContentBlock, Implementation, ServerCapabilities, ServerConfig};
use rmcp::{ServerHandler, schemars, tool, tool_handler, tool_router};
use serde::{Deserialize, Serialize};
use serde_json::json;

const READ: &str = "counter.read";
const WRITE: &str = "counter.write";

/// The MCP server.
#[derive(Debug)]
pub struct Counter;

/// Arguments of `incrementCounter`.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
struct IncrementCounter {
    /// How much to add, 1 to 100.
    #[serde(default = "default_by")]
    #[schemars(range(min = 1, max = 100))]
    by: i64,
}

fn default_by() -> i64 {
    1
}

/// What a conversation keeps, and the result of both tools.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, schemars::JsonSchema)]
struct Count {
    /// The conversation's counter.
    count: i64,
}

#[tool_router]
impl Counter {
    /// Returns the counter of this conversation. Every conversation has its own.
    #[tool(
        name = "getCounter",
        title = "Get counter",
        output_schema = rmcp::handler::server::tool::schema_for_type::<Count>(),
        annotations(read_only_hint = true, open_world_hint = false),
        meta = ToolPolicy::scopes(&[READ]).reads_session().meta()
    )]
    async fn get_counter(
        &self,
        session: SessionState<Count>,
    ) -> Result<CallToolResult, SessionError> {
        session.read().await.map(result)
    }

    /// Adds to the counter of this conversation and returns the sum.
    #[tool(
        name = "incrementCounter",
        title = "Increment counter",
        output_schema = rmcp::handler::server::tool::schema_for_type::<Count>(),
        annotations(
            read_only_hint = false,
            destructive_hint = false,
            idempotent_hint = false,
            open_world_hint = false
        ),
        meta = ToolPolicy::scopes(&[WRITE]).writes_session().meta()
    )]
    async fn increment_counter(
        &self,
        session: SessionState<Count>,
        Parameters(IncrementCounter { by }): Parameters<IncrementCounter>,
    ) -> Result<CallToolResult, SessionError> {
        if !(1..=100).contains(&by) {
            let rule = format!("by must be a whole number from 1 to 100, got {by}");
            return Ok(CallToolResult::error(vec![ContentBlock::text(rule)]));
        }
        let counted = session.update(|kept| {
            kept.count = kept.count.saturating_add(by);
            *kept
        });
        counted.await.map(result)
    }
}

fn result(count: Count) -> CallToolResult {
    let mut result = CallToolResult::structured(json!(count));
    result.content = vec![ContentBlock::text(count.count.to_string())];
    result
}

/// Built once: rmcp builds it anew for each request where nothing else is named.
static TOOLS: LazyLock<ToolRouter<Counter>> = LazyLock::new(Counter::tool_router);

#[tool_handler(router = TOOLS)]
impl ServerHandler for Counter {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build()).with_server_info(
            Implementation::new("counter", env!("CARGO_PKG_VERSION")).with_title("Counter"),
        )
    }
}

/// Who the server is, what it needs, and how it is built.
#[must_use]
pub fn definition() -> Definition<Counter> {
    let tools = TOOLS.list_all();
    Definition::new("counter", env!("CARGO_PKG_VERSION"), tools, |(), _| {
        Ok(Counter)
    })
    .title("Counter")
    .description("One counter per conversation, kept in DynamoDB.")
    .scope(READ, "Read your counters")
    .scope(WRITE, "Increment your counters")
}
