//! `mcp-lambda clients`: adds, lists, rotates and removes machine clients.
//!
//! A machine client is an app client of Cognito with the client credentials grant, a secret, and no more scopes than were named.
//! A command that makes a secret prints it once, on standard output, and nowhere else.

use aws_sdk_cognitoidentityprovider::types::{
    ClientSecretDescriptorType, OAuthFlowType, TimeUnitsType, TokenValidityUnitsType,
    UserPoolClientType,
};
use clap::Subcommand;

use super::connection::{UserPool, UserPoolOption};
use super::error::UserPoolError;

pub(super) const EXAMPLES: &str = "Examples:
  mcp-lambda clients add ci --scope https://mcp.example.com/mcp/facts.read --user-pool eu-west-1_AbCdEfGhI
  mcp-lambda clients rotate 1example23456789            a second secret
  mcp-lambda clients rotate 1example23456789 --finish   removes the first one";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create a machine client and print its id and secret, once
    Add {
        /// Name of the client: letters, digits, spaces and + = , . @ -
        name: String,
        /// Full OAuth scope that the client may have, such as https://mcp.example.com/mcp/facts.read; repeat for more
        #[arg(long = "scope", required = true, value_name = "SCOPE")]
        scopes: Vec<String>,
        /// Lifetime of its access tokens in minutes, 5 to 1440; a longer one costs less, as Cognito charges per token
        #[arg(long, default_value_t = 720, value_name = "MINUTES", value_parser = clap::value_parser!(i32).range(5..=1440))]
        token_minutes: i32,
        #[command(flatten)]
        user_pool: UserPoolOption,
    },
    /// List the machine clients with their OAuth scopes and the number of their secrets
    List {
        #[command(flatten)]
        user_pool: UserPoolOption,
    },
    /// Add a second secret and print it, once; the first stays valid until `--finish`
    Rotate {
        /// Id of the client
        client_id: String,
        /// Remove the older of the two secrets, after every program has the newer one
        #[arg(long)]
        finish: bool,
        #[command(flatten)]
        user_pool: UserPoolOption,
    },
    /// Remove a machine client; its access tokens stay valid until they expire
    Remove {
        /// Id of the client
        client_id: String,
        #[command(flatten)]
        user_pool: UserPoolOption,
    },
}

/// Runs the command and returns its output.
pub(super) async fn run(command: Command) -> Result<String, UserPoolError> {
    match command {
        Command::Add {
            name,
            scopes,
            token_minutes,
            user_pool,
        } => add(&user_pool.connect().await, &name, scopes, token_minutes).await,
        Command::List { user_pool } => list(&user_pool.connect().await).await,
        Command::Rotate {
            client_id,
            finish: false,
            user_pool,
        } => rotate(&user_pool.connect().await, &client_id).await,
        Command::Rotate {
            client_id,
            finish: true,
            user_pool,
        } => finish(&user_pool.connect().await, &client_id).await,
        Command::Remove {
            client_id,
            user_pool,
        } => remove(&user_pool.connect().await, &client_id).await,
    }
}

/// Most pages of app clients that are read, with 60 clients each; a pool has up to 1,000 by default.
const MAX_PAGES: usize = 200;

/// Creates a machine client: client credentials only, exactly these scopes, one secret.
async fn add(
    pool: &UserPool,
    name: &str,
    scopes: Vec<String>,
    token_minutes: i32,
) -> Result<String, UserPoolError> {
    let operation = "creating the client";
    let response = pool
        .cognito
        .create_user_pool_client()
        .user_pool_id(&pool.id)
        .client_name(name)
        .generate_secret(true)
        .allowed_o_auth_flows(OAuthFlowType::ClientCredentials)
        .allowed_o_auth_flows_user_pool_client(true)
        .set_allowed_o_auth_scopes(Some(scopes))
        .access_token_validity(token_minutes)
        .token_validity_units(
            TokenValidityUnitsType::builder()
                .access_token(TimeUnitsType::Minutes)
                .build(),
        )
        .send()
        .await
        .map_err(UserPoolError::of(operation))?;
    let client = response
        .user_pool_client()
        .ok_or(UserPoolError::Incomplete { operation })?;
    match (client.client_id(), client.client_secret()) {
        (Some(id), Some(secret)) => Ok(format!(
            "client id:     {id}\nclient secret: {secret}\n{SHOWN_ONCE}"
        )),
        _ => Err(UserPoolError::Incomplete { operation }),
    }
}

const SHOWN_ONCE: &str =
    "This secret is shown once. Put it where the program reads it, such as Secrets Manager.";

/// Lists the machine clients of the pool; the clients of people are left out.
async fn list(pool: &UserPool) -> Result<String, UserPoolError> {
    let mut lines = Vec::new();
    let mut page = None;
    for _ in 0..MAX_PAGES {
        let response = pool
            .cognito
            .list_user_pool_clients()
            .user_pool_id(&pool.id)
            .max_results(60)
            .set_next_token(page)
            .send()
            .await
            .map_err(UserPoolError::of("listing the clients"))?;
        for listed in response.user_pool_clients() {
            let Some(id) = listed.client_id() else {
                continue;
            };
            let client = describe(pool, id).await?;
            if is_machine(&client) {
                let secrets = secrets(pool, id).await?;
                let scopes = client.allowed_o_auth_scopes().join(" ");
                lines.push(format!(
                    "{id}  {}  secrets: {}  scopes: {scopes}",
                    client.client_name().unwrap_or("-"),
                    secrets.len()
                ));
            }
        }
        page = response.next_token().map(str::to_owned);
        if page.is_none() {
            break;
        }
    }
    Ok(if lines.is_empty() {
        "no machine clients".to_owned()
    } else {
        lines.join("\n")
    })
}

/// Begins a rotation: a second secret beside the first.
async fn rotate(pool: &UserPool, client_id: &str) -> Result<String, UserPoolError> {
    machine(pool, client_id).await?;
    if secrets(pool, client_id).await?.len() > 1 {
        return Err(UserPoolError::RotationUnfinished {
            client_id: client_id.to_owned(),
        });
    }
    let operation = "adding the secret";
    let response = pool
        .cognito
        .add_user_pool_client_secret()
        .user_pool_id(&pool.id)
        .client_id(client_id)
        .send()
        .await
        .map_err(UserPoolError::of(operation))?;
    let secret = response
        .client_secret_descriptor()
        .and_then(ClientSecretDescriptorType::client_secret_value)
        .ok_or(UserPoolError::Incomplete { operation })?;
    Ok(format!(
        "client secret: {secret}\n{SHOWN_ONCE}\nThe old secret still works. When every program has the new one: mcp-lambda clients rotate {client_id} --finish"
    ))
}

/// Ends a rotation: removes the older secret.
async fn finish(pool: &UserPool, client_id: &str) -> Result<String, UserPoolError> {
    machine(pool, client_id).await?;
    let mut secrets = secrets(pool, client_id).await?;
    secrets.sort_by_key(|secret| {
        secret
            .client_secret_create_date()
            .map(aws_sdk_cognitoidentityprovider::primitives::DateTime::secs)
    });
    let [older, _newer] = secrets.as_slice() else {
        return Err(UserPoolError::NothingToFinish {
            client_id: client_id.to_owned(),
        });
    };
    pool.cognito
        .delete_user_pool_client_secret()
        .user_pool_id(&pool.id)
        .client_id(client_id)
        .set_client_secret_id(older.client_secret_id().map(str::to_owned))
        .send()
        .await
        .map_err(UserPoolError::of("removing the older secret"))?;
    Ok("the older secret is removed".to_owned())
}

/// Removes a machine client, and no other app client: a mistake must not lock people out.
async fn remove(pool: &UserPool, client_id: &str) -> Result<String, UserPoolError> {
    machine(pool, client_id).await?;
    pool.cognito
        .delete_user_pool_client()
        .user_pool_id(&pool.id)
        .client_id(client_id)
        .send()
        .await
        .map_err(UserPoolError::of("removing the client"))?;
    Ok(format!(
        "client {client_id} is removed; its access tokens stay valid until they expire"
    ))
}

async fn describe(pool: &UserPool, client_id: &str) -> Result<UserPoolClientType, UserPoolError> {
    let operation = "reading the client";
    let response = pool
        .cognito
        .describe_user_pool_client()
        .user_pool_id(&pool.id)
        .client_id(client_id)
        .send()
        .await
        .map_err(UserPoolError::of(operation))?;
    response
        .user_pool_client
        .ok_or(UserPoolError::Incomplete { operation })
}

async fn machine(pool: &UserPool, client_id: &str) -> Result<(), UserPoolError> {
    let client = describe(pool, client_id).await?;
    if is_machine(&client) {
        Ok(())
    } else {
        Err(UserPoolError::NotMachine {
            client_id: client_id.to_owned(),
        })
    }
}

fn is_machine(client: &UserPoolClientType) -> bool {
    client.allowed_o_auth_flows() == [OAuthFlowType::ClientCredentials]
}

async fn secrets(
    pool: &UserPool,
    client_id: &str,
) -> Result<Vec<ClientSecretDescriptorType>, UserPoolError> {
    let response = pool
        .cognito
        .list_user_pool_client_secrets()
        .user_pool_id(&pool.id)
        .client_id(client_id)
        .send()
        .await
        .map_err(UserPoolError::of("listing the client's secrets"))?;
    Ok(response.client_secrets.unwrap_or_default())
}
