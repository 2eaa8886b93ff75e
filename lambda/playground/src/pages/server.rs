//! A server in the side bar.

use mcp_lambda_agent::mcp::ConnectError;
use mcp_lambda_agent::tools::Tool;

use crate::conversations::shortened;
use crate::servers::Known;

/// What people see of a server.
pub(crate) struct ServerView {
    pub(super) key: String,
    pub(super) name: String,
    pub(super) address: String,
    pub(super) state: ServerState,
    pub(super) tools: Vec<ToolView>,
    pub(super) is_first: bool,
    pub(super) is_added: bool,
}

/// Whether a server can be called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ServerState {
    /// Its tools are there.
    Ready {
        /// Somebody signed in; a sign-out is possible.
        signed_in: bool,
    },
    /// It wants a sign-in.
    SignIn,
    /// It does not respond.
    Away(String),
}

pub(super) struct ToolView {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) asks: bool,
}

impl ServerView {
    /// A server with what came of connecting to it.
    pub(crate) fn new(
        known: &Known,
        signed_in: bool,
        tools: Result<Vec<Tool>, ConnectError>,
    ) -> Self {
        let (state, tools) = match tools {
            Ok(tools) => (ServerState::Ready { signed_in }, tools),
            Err(ConnectError::SignIn { .. }) => (ServerState::SignIn, Vec::new()),
            Err(error) => (ServerState::Away(error.to_string()), Vec::new()),
        };
        let tools = tools.into_iter().map(|tool| ToolView {
            description: first_line(tool.description.as_deref().unwrap_or_default()),
            name: tool.title.unwrap_or(tool.original_name),
            asks: !tool.read_only,
        });
        Self {
            key: known.key.clone(),
            name: known.entry.name.clone(),
            address: known.entry.url.clone(),
            state,
            tools: tools.collect(),
            is_first: known.is_first,
            is_added: known.is_added,
        }
    }
}

fn first_line(text: &str) -> String {
    shortened(text.lines().next().unwrap_or_default(), 160)
}
