//! The MCP clients that this command knows, and where each keeps its servers.

use clap::ValueEnum;
use serde_json::{Value, json};

/// An MCP client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Client {
    /// Claude Code
    ClaudeCode,
    /// Claude Desktop, through mcp-remote
    ClaudeDesktop,
    /// Codex
    Codex,
    /// Cursor
    Cursor,
    /// Gemini CLI
    Gemini,
    /// A client that only starts programs
    McpRemote,
    /// VS Code
    #[value(name = "vscode")]
    VsCode,
    /// Windsurf
    Windsurf,
}

/// The configuration file of a client.
#[derive(Debug, Clone, Copy)]
pub(super) struct Configuration {
    pub(super) location: Location,
    pub(super) format: Format,
    /// The member that holds the servers by name.
    pub(super) servers: &'static str,
    /// The configuration of a server with this URL.
    pub(super) entry: fn(&str) -> Value,
}

/// Where the file is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Location {
    /// In the project.
    Project(&'static str),
    /// In the home of the person.
    Home(&'static str),
    /// In the directory of the settings of desktop programs.
    Settings(&'static str),
}

/// What the file is written in.
#[derive(Debug, Clone, Copy)]
pub(super) enum Format {
    /// JSON, with comments.
    Json,
    /// TOML.
    Toml,
}

impl Client {
    /// The name on the command line, and in `McpServer.connectCommand`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ClaudeCode => "claude-code",
            Self::ClaudeDesktop => "claude-desktop",
            Self::Codex => "codex",
            Self::Cursor => "cursor",
            Self::Gemini => "gemini",
            Self::McpRemote => "mcp-remote",
            Self::VsCode => "vscode",
            Self::Windsurf => "windsurf",
        }
    }

    /// What the person does next.
    #[must_use]
    pub fn next(self) -> &'static str {
        match self {
            Self::ClaudeCode => "Claude Code: run this line, then sign in with /mcp inside it",
            Self::ClaudeDesktop => {
                "Claude Desktop: add this to claude_desktop_config.json and restart it; a deployed server goes under Settings, Connectors instead"
            }
            Self::Codex => "Codex: run this line; it signs in at once",
            Self::Cursor => "Cursor: open this link in a browser",
            Self::Gemini => "Gemini CLI: run this line, then sign in with /mcp auth inside it",
            Self::McpRemote => "A client that starts programs: give it this command",
            Self::VsCode => "VS Code: run this line",
            Self::Windsurf => "Windsurf: add this to ~/.codeium/windsurf/mcp_config.json",
        }
    }

    pub(super) fn configuration(self) -> Option<Configuration> {
        let json = |location, servers, entry| Configuration {
            location,
            format: Format::Json,
            servers,
            entry,
        };
        Some(match self {
            Self::ClaudeCode => json(
                Location::Project(".mcp.json"),
                "mcpServers",
                |url| json!({ "type": "http", "url": url }),
            ),
            Self::ClaudeDesktop => json(
                Location::Settings("Claude/claude_desktop_config.json"),
                "mcpServers",
                |url| json!({ "command": "npx", "args": ["-y", "mcp-remote", url] }),
            ),
            Self::Codex => Configuration {
                location: Location::Home(".codex/config.toml"),
                format: Format::Toml,
                servers: "mcp_servers",
                entry: |url| json!({ "url": url }),
            },
            Self::Cursor => json(
                Location::Project(".cursor/mcp.json"),
                "mcpServers",
                |url| json!({ "url": url }),
            ),
            Self::Gemini => json(
                Location::Project(".gemini/settings.json"),
                "mcpServers",
                |url| json!({ "httpUrl": url }),
            ),
            Self::McpRemote => return None,
            Self::VsCode => json(
                Location::Project(".vscode/mcp.json"),
                "servers",
                |url| json!({ "type": "http", "url": url }),
            ),
            Self::Windsurf => json(
                Location::Home(".codeium/windsurf/mcp_config.json"),
                "mcpServers",
                |url| json!({ "serverUrl": url }),
            ),
        })
    }
}
