//! `mcp-lambda users`: invites and disables people.

use aws_sdk_cognitoidentityprovider::types::{AttributeType, DeliveryMediumType};
use clap::Subcommand;

use super::connection::{UserPool, UserPoolOption};
use super::error::UserPoolError;

pub(super) const EXAMPLES: &str = "Example:
  mcp-lambda users invite ann@example.com --user-pool eu-west-1_AbCdEfGhI";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create a user, to whom Cognito sends a temporary password
    Invite {
        /// E-mail address of the person
        email: String,
        #[command(flatten)]
        user_pool: UserPoolOption,
    },
    /// Disable a user and revoke the refresh tokens; access tokens stay valid until they expire
    Disable {
        /// User name or e-mail address of the person
        user: String,
        #[command(flatten)]
        user_pool: UserPoolOption,
    },
}

/// Runs the command and returns its output.
pub(super) async fn run(command: Command) -> Result<String, UserPoolError> {
    match command {
        Command::Invite { email, user_pool } => invite(&user_pool.connect().await, &email).await,
        Command::Disable { user, user_pool } => disable(&user_pool.connect().await, &user).await,
    }
}

/// Creates a user; Cognito sends them a temporary password, which never passes through here.
async fn invite(pool: &UserPool, email: &str) -> Result<String, UserPoolError> {
    let operation = "inviting the user";
    let attribute = |name: &str, value: &str| {
        AttributeType::builder()
            .name(name)
            .value(value)
            .build()
            .map_err(|_| UserPoolError::Incomplete { operation })
    };
    pool.cognito
        .admin_create_user()
        .user_pool_id(&pool.id)
        .username(email)
        .user_attributes(attribute("email", email)?)
        .user_attributes(attribute("email_verified", "true")?)
        .desired_delivery_mediums(DeliveryMediumType::Email)
        .send()
        .await
        .map_err(UserPoolError::of(operation))?;
    Ok(format!(
        "{email} is invited; Cognito sends them a temporary password"
    ))
}

/// Disables a user and revokes their refresh tokens, in this order: in between they cannot sign in again.
async fn disable(pool: &UserPool, user: &str) -> Result<String, UserPoolError> {
    pool.cognito
        .admin_disable_user()
        .user_pool_id(&pool.id)
        .username(user)
        .send()
        .await
        .map_err(UserPoolError::of("disabling the user"))?;
    pool.cognito
        .admin_user_global_sign_out()
        .user_pool_id(&pool.id)
        .username(user)
        .send()
        .await
        .map_err(UserPoolError::of("signing the user out"))?;
    Ok(format!(
        "{user} is disabled and signed out; access tokens stay valid until they expire"
    ))
}
