//! The command line: a module for each subcommand.

mod dev;
mod token;
#[cfg(feature = "aws")]
pub mod user_pool;

use std::ffi::OsString;
use std::io::Write;

use clap::{Parser, Subcommand};

use crate::dev::environment::Environment;
use crate::dev::error::StackError;

/// MCP servers on AWS Lambda: run the stack on this machine, manage its machine clients and users
#[derive(Debug, Parser)]
#[command(
    name = "mcp-lambda",
    version,
    arg_required_else_help = true,
    after_help = "Exit status: 0 on success, 1 when the command failed, 2 when the command line is wrong."
)]
pub struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the stack on this machine, without an AWS account
    #[command(after_help = dev::EXAMPLES)]
    Dev(dev::Options),
    /// Print an access token of the machine client of the stack that runs on this machine
    #[command(after_help = token::EXAMPLES)]
    Token(token::Options),
    #[cfg(feature = "aws")]
    #[command(flatten)]
    UserPool(user_pool::Command),
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The local stack.
    #[error(transparent)]
    Stack(#[from] StackError),
    /// The user pool of a deployed stack.
    #[error(transparent)]
    #[cfg(feature = "aws")]
    UserPool(#[from] user_pool::UserPoolError),
    /// The output of the command.
    #[error("standard output cannot be written: {0}")]
    Output(#[source] std::io::Error),
}

/// Runs what the command line asks for, with the `variables` of the process.
///
/// # Errors
///
/// See [`CommandError`]: each message names the cause and the fix, and never a secret.
pub async fn run(
    command_line: CommandLine,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<(), CommandError> {
    let environment = Environment::from_variables(variables);
    let output = match command_line.command {
        Command::Dev(options) => return Ok(dev::run(&options, environment).await?),
        Command::Token(options) => token::run(&options, &environment).await?,
        #[cfg(feature = "aws")]
        Command::UserPool(command) => user_pool::run(command).await?,
    };
    writeln!(std::io::stdout(), "{output}").map_err(CommandError::Output)
}
