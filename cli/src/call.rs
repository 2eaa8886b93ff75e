//! Calls a tool of an MCP server: arguments from the command line, typed by the tool's input schema; the result for a
//! person or a program.

pub mod arguments;
pub mod input;
pub mod kind;
mod listing;
mod output;

use rmcp::model::{CallToolRequestParams, CallToolResult, Tool};
use rmcp::service::{RoleClient, RunningService, ServiceError};
use serde_json::{Map, Value};

pub use self::arguments::ArgumentError;
pub use self::input::{Answers, Asks};
pub use self::listing::{listing, scopes_of_contract};
pub use self::output::{Format, result};
use crate::causes::causes;
use crate::oauth::{Authorized, OAuthError, scopes_of_challenge};

/// The tool call of a command line.
#[derive(Debug, Clone)]
pub struct Call {
    /// The name of the tool.
    pub tool: String,
    /// The words after the tool's name: `--name value`, `--name=value`, `name=value`.
    pub words: Vec<String>,
    /// Arguments as a JSON object, before those of the words.
    pub json: Map<String, Value>,
}

/// Why a call failed. A result that says `isError` is none.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The server has no such tool.
    #[error("{url} has no tool '{tool}'; its tools are: {known}")]
    UnknownTool {
        /// The MCP server.
        url: String,
        /// The name on the command line.
        tool: String,
        /// The names of the server's tools.
        known: String,
    },
    /// The arguments do not fit the tool's input schema.
    #[error(transparent)]
    Argument(#[from] ArgumentError),
    /// The access token lacks OAuth scopes.
    #[error("{tool} needs the OAuth scopes {}: sign in with them by `--scope`", scopes.join(" "))]
    Scopes {
        /// The tool.
        tool: String,
        /// What the server asked for.
        scopes: Vec<String>,
    },
    /// Signing in, or the handshake.
    #[error(transparent)]
    OAuth(#[from] OAuthError),
    /// The server refused the request, or the connection broke.
    #[error("{subject} failed: {cause}")]
    Protocol {
        /// The tool, or what else was asked for.
        subject: String,
        /// What the server or the transport said.
        cause: String,
    },
}

/// A connection of this command to a server.
pub type Client = RunningService<RoleClient, Asks>;

/// Reads the list of tools, all pages of it.
///
/// # Errors
///
/// [`CallError::Protocol`].
pub async fn tools(client: &Client) -> Result<Vec<Tool>, CallError> {
    client
        .list_all_tools()
        .await
        .map_err(|error| CallError::Protocol {
            subject: "listing the tools".to_owned(),
            cause: said(&error),
        })
}

/// Calls the tool.
///
/// # Errors
///
/// See [`CallError`].
pub async fn call(
    authorized: &Authorized,
    client: &Client,
    call: &Call,
) -> Result<CallToolResult, CallError> {
    let tools = tools(client).await?;
    let Some(tool) = tools.iter().find(|tool| tool.name == call.tool) else {
        let names: Vec<&str> = tools.iter().map(|tool| tool.name.as_ref()).collect();
        return Err(CallError::UnknownTool {
            url: authorized.url().to_string(),
            tool: call.tool.clone(),
            known: names.join(", "),
        });
    };
    let arguments = arguments::of_words(tool, call.json.clone(), &call.words)?;
    let request = CallToolRequestParams::new(call.tool.clone()).with_arguments(arguments);
    client.call_tool(request).await.map_err(|error| {
        let challenge = error.auth_challenge();
        let scopes = challenge.map(|header| scopes_of_challenge(header, authorized.url()));
        match scopes.filter(|scopes| !scopes.is_empty()) {
            Some(scopes) => CallError::Scopes {
                tool: call.tool.clone(),
                scopes,
            },
            None => CallError::Protocol {
                subject: call.tool.clone(),
                cause: said(&error),
            },
        }
    })
}

/// What an error says, without the names of Rust types in front of a server's own message.
fn said(error: &ServiceError) -> String {
    if let ServiceError::McpError(error) = error {
        format!("{} ({})", error.message, error.code.0)
    } else {
        causes(error)
    }
}
