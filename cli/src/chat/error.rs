//! Why a chat failed.

use std::path::PathBuf;

use mcp_lambda_agent::mcp::ConnectError;

/// Why a chat failed.
#[derive(Debug, thiserror::Error)]
pub enum ChatError {
    /// A server.
    #[error(transparent)]
    Server(#[from] ConnectError),
    /// The model.
    #[error(transparent)]
    Model(#[from] mcp_lambda_agent::model::ModelError),
    /// The file of the conversation.
    #[error("{file} cannot be used: {cause}", file = file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What the operating system or the JSON parser said.
        cause: std::io::Error,
    },
    /// There is no directory for the conversation.
    #[error(
        "there is no directory for the conversation: set HOME or XDG_STATE_HOME, or name a file with --history"
    )]
    NoDirectory,
    /// The terminal.
    #[error("the terminal cannot be read: {0}")]
    Terminal(#[source] std::io::Error),
    /// A script's question needs a person.
    #[error("{0}")]
    PersonNeeded(String),
    /// A script's reply is not complete.
    #[error("{0}")]
    Incomplete(String),
}

impl ChatError {
    /// The exit status: 3 when a person is needed, 4 when the reply is not complete, 1 otherwise.
    #[must_use]
    pub fn exit_status(&self) -> u8 {
        match self {
            Self::PersonNeeded(_) => 3,
            Self::Incomplete(_) => 4,
            Self::Server(_)
            | Self::Model(_)
            | Self::File { .. }
            | Self::NoDirectory
            | Self::Terminal(_) => 1,
        }
    }
}
