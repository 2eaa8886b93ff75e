//! Defines [`Named`], what a tool's name for the model is.

use crate::schema::Adapted;

/// A tool of a server.
#[derive(Clone, Debug)]
pub(super) struct Named {
    /// The server's position in the list.
    pub(super) server: usize,
    /// The name on the server.
    pub(super) tool: String,
    pub(super) schema: Adapted,
    /// The URI of its MCP App.
    pub(super) app: Option<String>,
}
