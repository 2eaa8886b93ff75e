//! Errors of the commands that work on a user pool.

use std::error::Error;

use aws_sdk_cognitoidentityprovider::error::{ProvideErrorMetadata, SdkError};

/// Why a command fails.
#[derive(Debug, thiserror::Error)]
pub enum UserPoolError {
    /// The app client is not a machine client.
    #[error(
        "client '{client_id}' is not a machine client; `mcp-lambda clients list` shows those that are"
    )]
    NotMachine {
        /// Its id.
        client_id: String,
    },
    /// Two secrets already.
    #[error(
        "client '{client_id}' already has two secrets; finish the last rotation with `mcp-lambda clients rotate {client_id} --finish`"
    )]
    RotationUnfinished {
        /// The client's id.
        client_id: String,
    },
    /// One secret only.
    #[error(
        "client '{client_id}' has one secret; begin a rotation with `mcp-lambda clients rotate {client_id}`"
    )]
    NothingToFinish {
        /// The client's id.
        client_id: String,
    },
    /// Cognito refused.
    #[error("{operation} failed ({code}): {message}")]
    Refused {
        /// What was tried.
        operation: &'static str,
        /// Cognito's error code.
        code: String,
        /// Cognito's message.
        message: String,
    },
    /// Cognito was not reached.
    #[error("{operation} failed: {cause}; check the AWS credentials and the network")]
    Unreachable {
        /// What was tried.
        operation: &'static str,
        /// The innermost cause.
        cause: String,
    },
    /// Cognito's response is not what the SDK expects.
    #[error("{operation} failed, as Cognito's response cannot be read: {cause}; try again")]
    Unreadable {
        /// What was tried.
        operation: &'static str,
        /// The innermost cause.
        cause: String,
    },
    /// Cognito's response lacks a required member.
    #[error(
        "{operation} succeeded, but Cognito's response is incomplete; look with `mcp-lambda clients list`"
    )]
    Incomplete {
        /// What was tried.
        operation: &'static str,
    },
}

impl UserPoolError {
    /// Translates an SDK error of one operation.
    pub(crate) fn of<E, R>(operation: &'static str) -> impl Fn(SdkError<E, R>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
        R: std::fmt::Debug + 'static,
    {
        move |error| match (error.code(), &error) {
            (Some(code), _) => Self::Refused {
                operation,
                code: code.to_owned(),
                message: error.message().unwrap_or("no message").to_owned(),
            },
            (None, SdkError::ResponseError(_)) => Self::Unreadable {
                operation,
                cause: innermost(&error).to_string(),
            },
            (None, _) => Self::Unreachable {
                operation,
                cause: innermost(&error).to_string(),
            },
        }
    }
}

/// The cause that has no other one.
fn innermost<'a>(error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    error.source().map_or(error, innermost)
}
