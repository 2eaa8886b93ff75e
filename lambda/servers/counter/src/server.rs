use mcp_lambda::rmcp::model::{CallToolResult, ContentBlock};
use mcp_lambda::rmcp::schemars;
use mcp_lambda::{Server, SessionError, SessionState, tool};
use serde::{Deserialize, Serialize};
use serde_json::json;

const READ: &str = "counter.read";
const WRITE: &str = "counter.write";

/// What a conversation keeps, and the result of both tools.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, schemars::JsonSchema)]
struct Count {
    /// The conversation's counter.
    count: i64,
}

impl Count {
    fn result(self) -> CallToolResult {
        let mut result = CallToolResult::structured(json!(self));
        result.content = vec![ContentBlock::text(self.count.to_string())];
        result
    }
}

/// Returns the counter of this conversation. Every conversation has its own.
#[tool(
    name = "getCounter",
    title = "Get counter",
    scope = READ,
    reads_session,
    output = Count,
    read_only,
    open_world = false
)]
async fn get_counter(session: SessionState<Count>) -> Result<CallToolResult, SessionError> {
    session.read().await.map(Count::result)
}

/// Adds to the counter of this conversation and returns the sum.
#[tool(
    name = "incrementCounter",
    title = "Increment counter",
    scope = WRITE,
    writes_session,
    output = Count,
    read_only = false,
    destructive = false,
    idempotent = false,
    open_world = false
)]
async fn increment_counter(
    session: SessionState<Count>,
    /// How much to add, 1 to 100.
    #[arg(default = 1, range(min = 1, max = 100))]
    by: i64,
) -> Result<CallToolResult, SessionError> {
    let counted = session.update(|kept| {
        kept.count = kept.count.saturating_add(by);
        *kept
    });
    counted.await.map(Count::result)
}

/// The server: who it is, what it needs, its tools.
pub fn server() -> Server {
    Server::new("counter", env!("CARGO_PKG_VERSION"))
        .title("Counter")
        .description("One counter per conversation, kept in DynamoDB.")
        .audit_trail()
        .scope(READ, "Read your counters")
        .scope(WRITE, "Increment your counters")
        .tool(get_counter)
        .tool(increment_counter)
}
