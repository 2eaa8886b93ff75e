//! Errors of reading a log.

use aws_sdk_cloudwatchlogs::error::{ProvideErrorMetadata, SdkError};

use crate::causes::causes;

/// Why a log cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LogsError {
    /// There is no log group of this name.
    #[error(
        "no log group in {region} belongs to '{target}': give the name of a stack, a function or a log group, and the Region with --region"
    )]
    NoGroup {
        /// What was looked for.
        target: String,
        /// Where.
        region: String,
    },
    /// CloudWatch Logs refused.
    #[error("{operation} failed ({code}): {message}")]
    Refused {
        /// What was tried.
        operation: &'static str,
        /// The error code.
        code: String,
        /// The message.
        message: String,
    },
    /// CloudWatch Logs was not reached.
    #[error("{operation} failed: {cause}; check the AWS credentials, the Region and the network")]
    Unreachable {
        /// What was tried.
        operation: &'static str,
        /// The causes.
        cause: String,
    },
}

impl LogsError {
    /// Translates an SDK error of one operation.
    pub(crate) fn of<E, R>(operation: &'static str) -> impl Fn(SdkError<E, R>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
        R: std::fmt::Debug + 'static,
    {
        move |error| match error.code() {
            Some(code) => Self::Refused {
                operation,
                code: code.to_owned(),
                message: error.message().unwrap_or("no message").to_owned(),
            },
            None => Self::Unreachable {
                operation,
                cause: causes(&error),
            },
        }
    }
}
