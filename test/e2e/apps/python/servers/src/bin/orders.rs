//! A server with one tool.

use std::process::ExitCode;
use std::sync::LazyLock;
use std::time::SystemTime;

use mcp_lambda::{Definition, Process, ToolPolicy};
use rmcp::handler::server::router::tool::ToolRouter;
use rmcp::model::{ServerCapabilities, ServerConfig};
use rmcp::{ServerHandler, tool, tool_handler, tool_router};

#[derive(Debug)]
struct Server;

#[tool_router]
impl Server {
    /// Returns an order.
    #[tool(name = "getOrder", meta = ToolPolicy::scopes(&["orders.read"]).meta())]
    async fn get_order(&self) -> String {
        "first version".to_owned()
    }
}

static TOOLS: LazyLock<ToolRouter<Server>> = LazyLock::new(Server::tool_router);

#[tool_handler(router = TOOLS)]
impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }
}

fn main() -> ExitCode {
    let process = Process::new(std::env::args_os(), std::env::vars_os(), SystemTime::now);
    let definition = Definition::new("orders", "0.1.0", TOOLS.list_all(), |(), _| Ok(Server));
    mcp_lambda::run(process, definition.scope("orders.read", "Use the tool"))
}
