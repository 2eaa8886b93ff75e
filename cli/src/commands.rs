//! The command line: a module for each subcommand.

#[cfg(feature = "aws")]
mod audit;
mod call;
mod chat;
mod completions;
mod connect;
#[cfg(feature = "aws")]
mod deploy;
mod dev;
pub mod doctor;
#[cfg(feature = "aws")]
mod live;
#[cfg(feature = "aws")]
mod logs;
mod new;
mod publish;
mod run_sign_in;
mod server_options;
mod token;
#[cfg(feature = "aws")]
pub mod user_pool;

use std::ffi::OsString;
use std::io::Write;
use std::time::SystemTime;

use clap::{CommandFactory, Parser, Subcommand};

use crate::dev::environment::Environment;
use crate::dev::error::StackError;
use crate::tls;
use crate::variables::Variables;
use crate::visible::visible;

#[cfg(feature = "aws")]
pub use self::audit::AuditCommandError;
pub use self::call::CallCommandError;
pub use self::chat::ChatCommandError;
pub use self::connect::ConnectCommandError;
#[cfg(feature = "aws")]
pub use self::deploy::DeployError;
#[cfg(feature = "aws")]
pub use self::live::LiveError;
#[cfg(feature = "aws")]
pub use self::logs::LogsCommandError;
pub use self::publish::PublishCommandError;
pub use self::server_options::ServerError;

/// MCP servers on AWS Lambda: run an app on this machine, manage its machine clients and users
#[derive(Debug, Parser)]
#[command(
    name = "mcp-lambda",
    version,
    arg_required_else_help = true,
    after_help = "Exit status: 0 on success, 1 when the command failed, 2 when the command line is wrong; a command that has others lists them."
)]
pub struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a project: a server, its CDK app, their tests
    #[command(after_help = new::EXAMPLES)]
    New(new::Options),
    /// Run the CDK app of this folder on this machine, without an AWS account
    #[command(after_help = dev::EXAMPLES)]
    Dev(dev::Options),
    /// Call a tool of the stack that runs here, or of any MCP server
    #[command(after_help = call::EXAMPLES)]
    Call(call::Options),
    /// Talk with a model that calls the tools of MCP servers
    #[command(after_help = chat::EXAMPLES)]
    Chat(chat::Options),
    /// Print the line that adds a server to an MCP client, or write the client's configuration
    #[command(after_help = connect::EXAMPLES)]
    Connect(connect::Options),
    /// Say which MCP clients can connect to a server, and why the others cannot
    #[command(after_help = doctor::EXAMPLES)]
    Doctor(doctor::Options),
    /// Print an access token of the stack that runs here, or of any MCP server
    #[command(after_help = token::EXAMPLES)]
    Token(token::Options),
    /// Write what directories of MCP servers ask for: server.json, and a checklist
    #[command(after_help = publish::EXAMPLES)]
    Publish(publish::Options),
    /// Print a script that completes this command in a shell
    #[command(after_help = completions::EXAMPLES)]
    Completions(completions::Options),
    /// Check credentials, Region and bootstrap, then run `cdk deploy` for the CDK app of this folder
    #[cfg(feature = "aws")]
    #[command(after_help = deploy::EXAMPLES)]
    Deploy(deploy::Options),
    /// Play what only AWS can show against a deployed stack, and write a report
    #[cfg(feature = "aws")]
    #[command(after_help = live::EXAMPLES)]
    Live(live::Options),
    /// Show what the functions of a stack wrote, one readable line a request
    #[cfg(feature = "aws")]
    #[command(after_help = logs::EXAMPLES)]
    Logs(logs::Options),
    /// Verify or show the audit trail of a server
    #[cfg(feature = "aws")]
    #[command(subcommand)]
    Audit(audit::Command),
    #[cfg(feature = "aws")]
    #[command(flatten)]
    UserPool(user_pool::Command),
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// A new project.
    #[error(transparent)]
    New(#[from] new::Error),
    /// The local stack.
    #[error(transparent)]
    Stack(#[from] StackError),
    /// The server of the command, or signing in to it.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// A tool call.
    #[error(transparent)]
    Call(#[from] CallCommandError),
    /// A conversation.
    #[error(transparent)]
    Chat(#[from] ChatCommandError),
    /// Connecting a client.
    #[error(transparent)]
    Connect(#[from] ConnectCommandError),
    /// What directories ask for.
    #[error(transparent)]
    Publish(#[from] PublishCommandError),
    /// Clients that do not connect, or no server.
    #[error(transparent)]
    Doctor(#[from] doctor::DoctorError),
    /// The user pool of a deployed stack.
    #[error(transparent)]
    #[cfg(feature = "aws")]
    UserPool(#[from] user_pool::UserPoolError),
    /// A deployment.
    #[error(transparent)]
    #[cfg(feature = "aws")]
    Deploy(#[from] deploy::DeployError),
    /// A live check.
    #[error(transparent)]
    #[cfg(feature = "aws")]
    Live(#[from] live::LiveError),
    /// The log of functions.
    #[error(transparent)]
    #[cfg(feature = "aws")]
    Logs(#[from] logs::LogsCommandError),
    /// The audit trail.
    #[error(transparent)]
    #[cfg(feature = "aws")]
    Audit(#[from] audit::AuditCommandError),
    /// The output of the command.
    #[error("standard output cannot be written: {0}")]
    Output(#[source] std::io::Error),
}

impl CommandError {
    /// The message for a terminal: without control characters where a server may have said it. What a child process of the
    /// command printed stays as it is.
    #[must_use]
    pub fn message(&self) -> String {
        let message = self.to_string();
        match self {
            Self::Server(_)
            | Self::Call(_)
            | Self::Chat(_)
            | Self::Connect(_)
            | Self::Publish(_)
            | Self::Doctor(_) => visible(&message),
            Self::New(_) | Self::Stack(_) | Self::Output(_) => message,
            #[cfg(feature = "aws")]
            Self::Live(_) => visible(&message),
            #[cfg(feature = "aws")]
            Self::Deploy(_) | Self::UserPool(_) | Self::Logs(_) | Self::Audit(_) => message,
        }
    }

    /// The exit status of the command: 1, unless the documentation of the command names another.
    #[must_use]
    pub fn exit_status(&self) -> u8 {
        match self {
            Self::Call(error) => error.exit_status(),
            Self::Chat(error) => error.exit_status(),
            Self::Doctor(error) => error.exit_status(),
            Self::New(_)
            | Self::Stack(_)
            | Self::Server(_)
            | Self::Connect(_)
            | Self::Publish(_)
            | Self::Output(_) => 1,
            #[cfg(feature = "aws")]
            Self::Deploy(error) => error.exit_status(),
            #[cfg(feature = "aws")]
            Self::UserPool(_) | Self::Live(_) | Self::Logs(_) | Self::Audit(_) => 1,
        }
    }
}

/// Reads the command line, or ends the process with help or with what is wrong about it.
#[must_use]
pub fn parse(words: impl IntoIterator<Item = OsString>) -> CommandLine {
    let mut words: Vec<OsString> = words.into_iter().collect();
    let command = CommandLine::command();
    if let Some(call) = command.find_subcommand("call")
        && words.get(1).is_some_and(|word| word == "call")
    {
        words = call::options_first(words, call);
    }
    CommandLine::parse_from(words)
}

/// Runs what the command line asks for, with the `variables` and the clock of the process.
///
/// # Errors
///
/// See [`CommandError`]: each message names the cause and the fix, and never a secret.
pub async fn run(
    command_line: CommandLine,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
    now: fn() -> SystemTime,
) -> Result<(), CommandError> {
    tls::use_ring();
    let variables: Variables = variables.into_iter().collect();
    let environment = Environment::from_variables(variables.iter());
    let output = match command_line.command {
        Command::Dev(options) => return Ok(dev::run(&options, &variables, environment).await?),
        Command::Call(options) => call::run(options, &variables, &environment, now).await?,
        Command::Chat(options) => return Ok(chat::run(options, variables, environment, now).await?),
        Command::Connect(options) => connect::run(&options, &variables, &environment)?,
        Command::Doctor(options) => return Ok(doctor::run(options, &variables, now).await?),
        Command::Token(options) => token::run(&options, &variables, &environment, now).await?,
        #[cfg(feature = "aws")]
        Command::Deploy(options) => return Ok(deploy::run(&options).await?),
        #[cfg(feature = "aws")]
        Command::Live(options) => return Ok(live::run(options, &variables, now).await?),
        #[cfg(feature = "aws")]
        Command::Logs(options) => return Ok(logs::run(&options, &environment, now()).await?),
        #[cfg(feature = "aws")]
        Command::Audit(command) => return Ok(audit::run(command, &environment, now()).await?),
        Command::Publish(options) => publish::run(&options)?,
        Command::Completions(options) => completions::run(&options, CommandLine::command()),
        Command::New(options) => new::run(options)?,
        #[cfg(feature = "aws")]
        Command::UserPool(command) => user_pool::run(command).await?,
    };
    writeln!(std::io::stdout(), "{output}").map_err(CommandError::Output)
}
