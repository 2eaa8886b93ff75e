//! Says why DynamoDB did not do what it was asked for, in a sentence that a caller may see.

use std::fmt;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

/// Why an operation of DynamoDB failed. It has no names of the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TableProblem {
    /// DynamoDB refused it with this error code.
    Refused(String),
    /// No response in time. A write may have been done.
    TimedOut,
    /// The connection failed. A write may have been done.
    Unreachable,
    /// An item lacks an attribute, or has one of another type.
    Malformed,
}

impl fmt::Display for TableProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TableProblem::Refused(code) => {
                write!(formatter, "DynamoDB refused the request ({code})")
            }
            TableProblem::TimedOut => formatter.write_str("DynamoDB did not respond in time"),
            TableProblem::Unreachable => formatter.write_str("DynamoDB cannot be reached"),
            TableProblem::Malformed => formatter.write_str("an item of the table is malformed"),
        }
    }
}

impl std::error::Error for TableProblem {}

impl<E: ProvideErrorMetadata, R> From<&SdkError<E, R>> for TableProblem {
    fn from(error: &SdkError<E, R>) -> Self {
        if let Some(refused) = error.as_service_error() {
            TableProblem::Refused(refused.code().unwrap_or("no code").to_owned())
        } else if matches!(error, SdkError::TimeoutError(_)) {
            TableProblem::TimedOut
        } else {
            TableProblem::Unreachable
        }
    }
}

impl<E: ProvideErrorMetadata, R> From<SdkError<E, R>> for TableProblem {
    fn from(error: SdkError<E, R>) -> Self {
        Self::from(&error)
    }
}
