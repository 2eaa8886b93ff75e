//! What tools are to a conversation: a list for the model, and calls.

use std::future::Future;
use std::time::Duration;

use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use crate::conversation::{ToolName, ToolResult};

/// A tool as the model and the person see it.
#[derive(Clone, Debug, PartialEq)]
pub struct Tool {
    /// The name for the model, unique among all servers.
    pub name: ToolName,
    /// The server that has it.
    pub server: String,
    /// The name on the server.
    pub original_name: String,
    /// What people read.
    pub title: Option<String>,
    /// What the model reads.
    pub description: Option<String>,
    /// The JSON Schema of the arguments, adapted to what Bedrock accepts.
    pub input_schema: Map<String, Value>,
    /// Whether the server says that the tool changes nothing.
    pub read_only: bool,
    /// Whether models may call it; MCP Apps alone may call the others.
    pub for_models: bool,
}

/// A call on its way to a tool.
#[derive(Clone, Copy, Debug)]
pub struct Sent<'a> {
    /// The tool's name for the model.
    pub name: &'a ToolName,
    /// The arguments.
    pub input: &'a Map<String, Value>,
    /// The most time it may take.
    pub timeout: Duration,
    /// Ends it early.
    pub cancel: &'a CancellationToken,
}

/// Why a call did not reach its tool.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ToolsError {
    /// The server wants the person to sign in (again).
    #[error("the server {server} refuses the access token; sign in again")]
    SignIn {
        /// The server.
        server: String,
    },
}

/// The tools of one or more servers.
pub trait Tools: Send + Sync {
    /// The tools of now. A server that cannot be reached has none.
    fn list(&self) -> impl Future<Output = Vec<Tool>> + Send;

    /// Calls a tool. A failure of the tool is a result too: the model reads it.
    fn call(
        &self,
        sent: Sent<'_>,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> impl Future<Output = Result<ToolResult, ToolsError>> + Send;
}

/// How far a running call is.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// So much is done.
    pub done: f64,
    /// Of so much.
    pub total: Option<f64>,
    /// In words.
    pub message: Option<String>,
}
