//! Why a program does not start.

use mcp_lambda_contract::{ContractProblem, SettingsError};

/// Why a server cannot start, for the person who deploys it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Environment variables are missing or malformed; all of them are named.
    #[error("{0}")]
    Settings(SettingsError),
    /// The definition contradicts itself.
    #[error("the server's definition contradicts itself: {}", sentences(.0))]
    Definition(Vec<ContractProblem>),
    /// The command line has an argument that is not known.
    #[error(
        "unknown argument {0:?}: use \"contract\" to print the contract, \"openapi\" to print the OpenAPI document, or no argument to serve"
    )]
    Argument(String),
    /// The plain HTTP mode cannot listen.
    #[error("cannot listen on MCP_LISTEN={address:?}: {cause}; choose a free address")]
    Listen {
        /// The address from `MCP_LISTEN`.
        address: String,
        /// What the operating system says.
        cause: std::io::Error,
    },
    /// The asynchronous runtime cannot start, or a stream of the process is closed.
    #[error("cannot use the operating system: {0}")]
    System(std::io::Error),
    /// The Lambda Runtime API cannot be reached or breaks its protocol.
    #[error("cannot talk to the Lambda Runtime API: {0}")]
    RuntimeApi(String),
    /// The server's own reason.
    #[error("{0}")]
    Server(String),
}

fn sentences(problems: &[ContractProblem]) -> String {
    let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
    problems.join("; ")
}

impl StartError {
    /// Name for the Lambda Runtime API's error type.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            StartError::Settings(_) => "Settings",
            StartError::Definition(_) => "Definition",
            StartError::Argument(_) => "Argument",
            StartError::Listen { .. } => "Listen",
            StartError::System(_) => "System",
            StartError::RuntimeApi(_) => "RuntimeApi",
            StartError::Server(_) => "Server",
        }
    }
}
