//! Why a program does not start.

use std::fmt;

use mcp_lambda_contract::{ContractProblem, SettingsError};

/// Why a server cannot start, for whoever deploys it.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartError {
    /// Environment variables are missing or malformed; all of them are named.
    Settings(SettingsError),
    /// The definition contradicts itself.
    Definition(Vec<ContractProblem>),
    /// The command line has an argument that is not known.
    Argument(String),
    /// The plain HTTP mode cannot listen.
    Listen {
        /// The address from `MCP_LISTEN`.
        address: String,
        /// What the operating system says.
        cause: std::io::Error,
    },
    /// The asynchronous runtime cannot start, or a stream of the process is closed.
    System(std::io::Error),
    /// The Lambda Runtime API cannot be reached or breaks its protocol.
    RuntimeApi(String),
    /// The server's own reason.
    Server(String),
}

impl fmt::Display for StartError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::Settings(error) => error.fmt(formatter),
            StartError::Definition(problems) => {
                let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
                write!(
                    formatter,
                    "the server's definition contradicts itself: {}",
                    problems.join("; ")
                )
            }
            StartError::Argument(argument) => {
                write!(
                    formatter,
                    "unknown argument {argument:?}: use \"contract\" to print the contract, or no argument to serve"
                )
            }
            StartError::Listen { address, cause } => {
                write!(
                    formatter,
                    "cannot listen on MCP_LISTEN={address:?}: {cause}; choose a free address"
                )
            }
            StartError::System(cause) => {
                write!(formatter, "cannot use the operating system: {cause}")
            }
            StartError::RuntimeApi(cause) => {
                write!(formatter, "cannot talk to the Lambda Runtime API: {cause}")
            }
            StartError::Server(cause) => formatter.write_str(cause),
        }
    }
}

impl std::error::Error for StartError {}

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
