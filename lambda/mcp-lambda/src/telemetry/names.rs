//! Decides which methods, protocol versions and client names may be logged.

use rmcp::model::ProtocolVersion;

/// What a caller sent where a name was expected, and nobody has said that the name may be logged.
pub(crate) const OTHER: &str = "other";

/// Methods of the protocol's revisions. A method is a caller's text, so no other one is logged.
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

/// Names that widespread MCP clients give themselves.
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

/// A revision of the protocol, or [`OTHER`].
pub(crate) fn protocol_version(text: &str) -> &'static str {
    ProtocolVersion::KNOWN_VERSIONS
        .iter()
        .map(ProtocolVersion::as_str)
        .find(|known| *known == text)
        .unwrap_or(OTHER)
}

/// The name of an MCP client that is known to the library or to whoever deployed the server, or [`OTHER`].
///
/// Any program can call itself anything, a person's e-mail address included: a bounded text without strange characters
/// is still that person's address.
pub(crate) fn client<'a>(text: &str, more: &'a [String]) -> &'a str {
    let known = CLIENTS.iter().copied().find(|known| *known == text);
    known
        .or_else(|| more.iter().map(String::as_str).find(|known| *known == text))
        .unwrap_or(OTHER)
}
