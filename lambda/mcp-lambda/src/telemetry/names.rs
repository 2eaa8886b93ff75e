//! Decides which methods, protocol versions and client names may be logged.

use crate::revision::Revision;

/// Logged instead of a name that is not on a list of permitted names.
pub(crate) const OTHER: &str = "other";

/// Methods of the protocol's revisions. The caller chooses the method, so no other one is logged.
const METHODS: &[&str] = &[
    "completion/complete",
    "initialize",
    "logging/setLevel",
    "notifications/cancelled",
    "notifications/initialized",
    "notifications/progress",
    "notifications/roots/list_changed",
    "ping",
    "prompts/get",
    "prompts/list",
    "resources/directory/read",
    "resources/list",
    "resources/read",
    "resources/subscribe",
    "resources/templates/list",
    "resources/unsubscribe",
    "server/discover",
    "skills/get",
    "skills/list",
    "subscriptions/listen",
    "tasks/cancel",
    "tasks/get",
    "tasks/update",
    "tools/call",
    "tools/list",
];

/// Names of widespread MCP clients.
const CLIENTS: &[&str] = &[
    "Visual Studio Code",
    "Zed",
    "claude-ai",
    "claude-code",
    "codex-mcp-client",
    "cursor-vscode",
    "gemini-cli-mcp-client",
    "goose",
    "inspector-client",
    "mcp",
    "mcp-inspector",
    "openai-mcp",
    "rmcp",
    "windsurf-client",
];

/// A method of the protocol, or [`OTHER`].
pub(crate) fn method(text: &str) -> &'static str {
    METHODS
        .iter()
        .find(|known| **known == text)
        .copied()
        .unwrap_or(OTHER)
}

/// The revision that a request names, or [`OTHER`].
pub(crate) fn revision(revision: Revision) -> Option<&'static str> {
    match revision {
        Revision::Unnamed => None,
        Revision::Known(version) => Some(version),
        Revision::Unknown { .. } => Some(OTHER),
    }
}

/// The name of an MCP client that the library or the operator lists, or [`OTHER`].
///
/// A program can choose any name, including a person's e-mail address, so limiting length and characters would not be
/// enough.
pub(crate) fn client<'a>(text: &str, more: &'a [String]) -> &'a str {
    let known = CLIENTS.iter().copied().find(|known| *known == text);
    known
        .or_else(|| more.iter().map(String::as_str).find(|known| *known == text))
        .unwrap_or(OTHER)
}
