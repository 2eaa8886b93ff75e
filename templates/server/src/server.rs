use std::sync::LazyLock;

use mcp_lambda::{Definition, ToolPolicy};
use rmcp::handler::server::router::tool::ToolRouter;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{ServerCapabilities, ServerConfig};
use rmcp::{ServerHandler, schemars, tool, tool_handler, tool_router};
use serde::Deserialize;

/// Name of the OAuth scope that the tool needs.
const GREET: &str = "greet";
/// Longest name, in characters.
const LONGEST_NAME: usize = 100;

/// The MCP server.
#[derive(Debug)]
pub struct Server;

/// Arguments of `greet`.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
struct Greet {
    /// Who is greeted.
    #[schemars(length(min = 1, max = LONGEST_NAME))]
    name: String,
}

#[tool_router]
impl Server {
    /// Greets somebody by name.
    #[tool(
        name = "greet",
        title = "Greet",
        annotations(read_only_hint = true, open_world_hint = false),
        meta = ToolPolicy::scopes(&[GREET]).meta()
    )]
    async fn greet(&self, Parameters(Greet { name }): Parameters<Greet>) -> Result<String, String> {
        // An error of a tool is for the model to read: it names the argument and what is allowed.
        match name.chars().count() {
            1..=LONGEST_NAME => Ok(format!("hello, {name}")),
            length => Err(format!(
                "name must have 1 to {LONGEST_NAME} characters, got {length}"
            )),
        }
    }
}

/// Built once: rmcp builds it anew for each request where nothing else is named.
static TOOLS: LazyLock<ToolRouter<Server>> = LazyLock::new(Server::tool_router);

#[tool_handler(router = TOOLS)]
impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }
}

/// Who the server is, what it needs, and how it is built.
#[must_use]
pub fn definition() -> Definition<Server, ()> {
    Definition::new(
        env!("CARGO_PKG_NAME"),
        env!("CARGO_PKG_VERSION"),
        TOOLS.list_all(),
        |(), _| Ok(Server),
    )
    .scope(GREET, "Be greeted")
}
