//! The session id of an MCP session: its header, its lifetime and its content.

use std::time::Duration;

use rmcp::model::InitializeRequestParams;
use serde::{Deserialize, Serialize};

/// The header that carries the sealed client (Streamable HTTP, revisions before 2026-07-28).
pub(crate) const SESSION_ID: &str = "mcp-session-id";
/// A client initializes again after this time.
pub(crate) const LIFETIME: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Longest session id, in bytes: API Gateway accepts 10 KB of headers in total, most of which the access token needs.
pub(super) const LONGEST_ID: usize = 4096;

/// The content of a session id.
#[derive(Deserialize, Serialize)]
pub(super) struct SealedSession {
    /// Identifies the session among those of one caller.
    pub(super) id: String,
    pub(super) client: InitializeRequestParams,
}
