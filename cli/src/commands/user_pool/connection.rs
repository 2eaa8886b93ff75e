//! The user pool that a command names.

use aws_sdk_cognitoidentityprovider::Client;
use clap::Args;

use crate::aws;

/// Names the user pool of a command.
#[derive(Debug, Args)]
pub(crate) struct UserPoolOption {
    /// Id of the user pool: the stack's output `UserPoolId`
    #[arg(long, value_name = "ID", env = "MCP_USER_POOL_ID", value_parser = user_pool_id)]
    user_pool: UserPoolId,
}

/// An id such as eu-west-1_AbCdEfGhI, which begins with the Region.
#[derive(Debug, Clone)]
struct UserPoolId {
    id: String,
    region: String,
}

fn user_pool_id(value: &str) -> Result<UserPoolId, &'static str> {
    match value.split_once('_') {
        Some((region, name)) if !region.is_empty() && !name.is_empty() => Ok(UserPoolId {
            id: value.to_owned(),
            region: region.to_owned(),
        }),
        _ => Err("give the id of a user pool, such as eu-west-1_AbCdEfGhI"),
    }
}

impl UserPoolOption {
    /// The user pool in the Region of its id, with TLS by ring and the default credentials chain.
    pub(crate) async fn connect(self) -> UserPool {
        let UserPoolId { id, region } = self.user_pool;
        let config = aws::config(Some(region)).await;
        UserPool {
            cognito: Client::new(&config),
            id,
        }
    }
}

/// A user pool that commands work on.
#[derive(Debug)]
pub(crate) struct UserPool {
    pub(crate) cognito: Client,
    pub(crate) id: String,
}
