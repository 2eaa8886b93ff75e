//! Lists why a command fails.

use std::fmt;

use aws_sdk_cognitoidentityprovider::error::{ProvideErrorMetadata, SdkError};

/// Every reason.
#[derive(Debug)]
pub enum AdministrationFailure {
    /// No user pool was named, or it is no id.
    PoolMissing {
        /// What was given.
        given: String,
    },
    /// The app client is not a machine client.
    NotMachine {
        /// Its id.
        client_id: String,
    },
    /// Two secrets already.
    RotationUnfinished {
        /// The client's id.
        client_id: String,
    },
    /// One secret only.
    NothingToFinish {
        /// The client's id.
        client_id: String,
    },
    /// A number outside its range.
    TokenMinutes {
        /// What was given.
        given: i32,
    },
    /// Cognito refused, or could not be reached.
    Cognito {
        /// What was tried.
        operation: &'static str,
        /// Cognito's error code.
        code: String,
        /// Cognito's message.
        message: String,
    },
    /// Cognito's response lacks a required member.
    Incomplete {
        /// What was tried.
        operation: &'static str,
    },
}

impl AdministrationFailure {
    /// Translates an SDK error of one operation.
    pub(super) fn of<E, R>(operation: &'static str) -> impl Fn(SdkError<E, R>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
        R: fmt::Debug,
    {
        move |error| {
            let code = error.code().unwrap_or("not reached").to_owned();
            let message = error
                .message()
                .unwrap_or("check region, credentials and network")
                .to_owned();
            Self::Cognito {
                operation,
                code,
                message,
            }
        }
    }
}

impl fmt::Display for AdministrationFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PoolMissing { given } => {
                write!(
                    formatter,
                    "user pool '{given}' is not an id; give --user-pool or MCP_USER_POOL_ID, such as eu-west-1_AbCdEfGhI"
                )
            }
            Self::NotMachine { client_id } => {
                write!(
                    formatter,
                    "client '{client_id}' is not a machine client; 'mcp-lambda clients list' shows those that are"
                )
            }
            Self::RotationUnfinished { client_id } => {
                write!(
                    formatter,
                    "client '{client_id}' already has two secrets; finish the last rotation with 'rotate {client_id} --finish'"
                )
            }
            Self::NothingToFinish { client_id } => {
                write!(
                    formatter,
                    "client '{client_id}' has one secret; begin a rotation with 'rotate {client_id}'"
                )
            }
            Self::TokenMinutes { given } => write!(
                formatter,
                "{given} token minutes are not possible; give 5 to 1440"
            ),
            Self::Cognito {
                operation,
                code,
                message,
            } => write!(formatter, "{operation} failed ({code}): {message}"),
            Self::Incomplete { operation } => write!(
                formatter,
                "{operation} succeeded, but its answer is incomplete; look with 'clients list'"
            ),
        }
    }
}

impl std::error::Error for AdministrationFailure {}
