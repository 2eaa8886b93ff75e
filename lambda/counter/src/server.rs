use mcp_lambda::{Access, Caller, Deadline, Definition};
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{CallToolResult, ContentBlock, Implementation, ServerCapabilities, ServerConfig};
use rmcp::{ServerHandler, schemars, tool, tool_handler, tool_router};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::table::{CounterSettings, CounterTable, TableError};

/// Name under which the tools refer to the table.
const TABLE: &str = "counters";
const READ: &str = "counter.read";
const WRITE: &str = "counter.write";

/// The MCP server.
#[derive(Debug)]
pub struct Counter {
    table: CounterTable,
}

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

/// Result of both tools.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct Count {
    /// The caller's counter.
    count: i64,
}

#[tool_router]
impl Counter {
    /// Returns your counter. Everybody has their own.
    #[tool(
        name = "getCounter",
        title = "Get counter",
        output_schema = rmcp::handler::server::tool::schema_for_type::<Count>(),
        annotations(read_only_hint = true, open_world_hint = false),
        meta = Access::scopes(&[READ]).aws(TABLE, &["dynamodb:GetItem"]).meta()
    )]
    async fn get_counter(&self, caller: Caller, deadline: Deadline) -> CallToolResult {
        result(self.table.read(&caller, deadline.remaining()).await)
    }

    /// Adds to your counter and returns the sum.
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
        meta = Access::scopes(&[WRITE]).aws(TABLE, &["dynamodb:UpdateItem"]).meta()
    )]
    async fn increment_counter(
        &self,
        caller: Caller,
        deadline: Deadline,
        Parameters(IncrementCounter { by }): Parameters<IncrementCounter>,
    ) -> CallToolResult {
        if !(1..=100).contains(&by) {
            return tool_error(format!("by must be a whole number from 1 to 100, got {by}"));
        }
        result(self.table.add(&caller, by, deadline.remaining()).await)
    }
}

fn result(count: Result<i64, TableError>) -> CallToolResult {
    match count {
        Ok(count) => {
            let mut result = CallToolResult::structured(json!(Count { count }));
            result.content = vec![ContentBlock::text(count.to_string())];
            result
        }
        Err(error) => tool_error(error.to_string()),
    }
}

fn tool_error(text: String) -> CallToolResult {
    CallToolResult::error(vec![ContentBlock::text(text)])
}

#[tool_handler]
impl ServerHandler for Counter {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build()).with_server_info(
            Implementation::new("counter", env!("CARGO_PKG_VERSION")).with_title("Counter"),
        )
    }
}

/// Who the server is, what it needs, and how it is built.
#[must_use]
pub fn definition() -> Definition<Counter, CounterSettings> {
    let tools = Counter::tool_router().list_all();
    Definition::new(
        "counter",
        env!("CARGO_PKG_VERSION"),
        tools,
        |settings, aws| {
            Ok(Counter {
                table: CounterTable::new(settings, aws)?,
            })
        },
    )
    .title("Counter")
    .description("One counter per caller, kept in DynamoDB.")
    .scope(READ, "Read your counter")
    .scope(WRITE, "Increment your counter")
    .dynamodb_table(TABLE, "COUNTER_TABLE")
}
