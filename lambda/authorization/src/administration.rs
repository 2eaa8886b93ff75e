//! The command-line tool `mcp-lambda`: machine clients and users of the user pool, over the AWS SDK.
//!
//! Machine clients are Cognito app clients with the client credentials grant, a secret, and no more scopes than were named.
//! Every command that makes a secret prints it once, on standard output, and nowhere else.

use aws_sdk_cognitoidentityprovider::Client;
use clap::{Parser, Subcommand};

mod clients;
mod failure;
mod users;

pub use failure::AdministrationFailure;

/// Machine clients and users of an MCP server's user pool.
#[derive(Debug, Parser)]
#[command(name = "mcp-lambda", version)]
pub struct Command {
    /// Id of the user pool: the stack's output `UserPoolId`.
    #[arg(long, env = "MCP_USER_POOL_ID", global = true, default_value = "")]
    user_pool: String,
    #[command(subcommand)]
    topic: Topic,
}

#[derive(Debug, Subcommand)]
enum Topic {
    /// Machine clients: programs that sign in with client credentials.
    #[command(subcommand)]
    Clients(ClientsCommand),
    /// People who sign in.
    #[command(subcommand)]
    Users(UsersCommand),
}

#[derive(Debug, Subcommand)]
enum ClientsCommand {
    /// Creates a machine client and prints its id and secret, once.
    Add {
        /// What it is called: letters, digits, spaces and + = , . @ -
        name: String,
        /// A full scope it may have, such as https://example.com/mcp/read; repeat for more.
        #[arg(long = "scope", required = true)]
        scopes: Vec<String>,
        /// How long its access tokens last, in minutes (5 to 1440). Longer costs less: Cognito charges per token.
        #[arg(long, default_value_t = 720)]
        token_minutes: i32,
    },
    /// Lists machine clients with their scopes and secrets' ids.
    List,
    /// Adds a second secret and prints it, once. The first stays valid until `--finish`.
    Rotate {
        /// The client's id.
        client_id: String,
        /// Removes the older of the two secrets, after every program has the newer one.
        #[arg(long)]
        finish: bool,
    },
    /// Removes a machine client. Its tokens stay valid until they expire.
    Remove {
        /// The client's id.
        client_id: String,
    },
}

#[derive(Debug, Subcommand)]
enum UsersCommand {
    /// Creates a user, to whom Cognito sends a temporary password.
    Invite {
        /// Their e-mail address.
        email: String,
    },
    /// Disables a user and revokes their refresh tokens. Access tokens stay valid until they expire.
    Disable {
        /// Their user name or e-mail address.
        user: String,
    },
}

/// Runs the command and returns its output.
///
/// # Errors The failed operation, its cause and the fix; never a secret.
pub async fn run(command: Command, cognito: &Client) -> Result<String, AdministrationFailure> {
    let pool = command.user_pool.as_str();
    if !pool.contains('_') {
        return Err(AdministrationFailure::PoolMissing {
            given: pool.to_owned(),
        });
    }
    match command.topic {
        Topic::Clients(ClientsCommand::Add {
            name,
            scopes,
            token_minutes,
        }) => clients::add(cognito, pool, &name, scopes, token_minutes).await,
        Topic::Clients(ClientsCommand::List) => clients::list(cognito, pool).await,
        Topic::Clients(ClientsCommand::Rotate {
            client_id,
            finish: false,
        }) => clients::rotate(cognito, pool, &client_id).await,
        Topic::Clients(ClientsCommand::Rotate {
            client_id,
            finish: true,
        }) => clients::finish(cognito, pool, &client_id).await,
        Topic::Clients(ClientsCommand::Remove { client_id }) => {
            clients::remove(cognito, pool, &client_id).await
        }
        Topic::Users(UsersCommand::Invite { email }) => users::invite(cognito, pool, &email).await,
        Topic::Users(UsersCommand::Disable { user }) => users::disable(cognito, pool, &user).await,
    }
}

/// The SDK's client, with TLS by ring and the default credentials chain.
pub async fn cognito() -> Client {
    use aws_smithy_http_client::{
        Builder,
        tls::{Provider, rustls_provider::CryptoMode},
    };
    let https = Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https();
    let config = aws_config::defaults(aws_config::BehaviorVersion::latest())
        .http_client(https)
        .load()
        .await;
    Client::new(&config)
}
