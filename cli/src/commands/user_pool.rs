//! The commands that work on the user pool of a deployed stack, over the AWS SDK.

mod clients;
mod connection;
mod error;
mod users;

use clap::Subcommand;

pub use self::error::UserPoolError;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Manage machine clients: programs that sign in with client credentials
    #[command(subcommand, after_help = clients::EXAMPLES)]
    Clients(clients::Command),
    /// Manage the people who sign in
    #[command(subcommand, after_help = users::EXAMPLES)]
    Users(users::Command),
}

/// Runs the command and returns its output.
pub(super) async fn run(command: Command) -> Result<String, UserPoolError> {
    match command {
        Command::Clients(command) => clients::run(command).await,
        Command::Users(command) => users::run(command).await,
    }
}
