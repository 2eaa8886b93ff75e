//! The commands and links that add an MCP server to a client by its URL.

/// The command or link of each client, by the name of its program: `${serverName}` and `${mcpServerUrl}` are filled in, and
/// `${base64Config}` with the Base64 of [`LINK_CONFIG`]. In a query that Base64 needs no escapes: `+` and `/` come from the
/// characters `>`, `~` and `?` alone, which no MCP URL has.
pub const CONNECT_COMMANDS: [(&str, &str); 6] = [
    (
        "claude-code",
        "claude mcp add --transport http ${serverName} ${mcpServerUrl}",
    ),
    ("codex", "codex mcp add ${serverName} --url ${mcpServerUrl}"),
    (
        "cursor",
        "cursor://anysphere.cursor-deeplink/mcp/install?name=${serverName}&config=${base64Config}",
    ),
    (
        "gemini",
        "gemini mcp add --transport http ${serverName} ${mcpServerUrl}",
    ),
    ("mcp-remote", "npx mcp-remote ${mcpServerUrl}"),
    (
        "vscode",
        r#"code --add-mcp '{"name":"${serverName}","type":"http","url":"${mcpServerUrl}"}'"#,
    ),
];

/// The link that adds a server to VS Code: a JSON object in a query, with the characters escaped that are not of an MCP URL.
pub const VSCODE_LINK: &str = "vscode:mcp/install?%7B%22name%22%3A%22${serverName}%22%2C%22type%22%3A%22http%22%2C%22url%22%3A%22${mcpServerUrl}%22%7D";

/// The configuration inside a link of [`CONNECT_COMMANDS`].
pub const LINK_CONFIG: &str = r#"{"url":"${mcpServerUrl}"}"#;
