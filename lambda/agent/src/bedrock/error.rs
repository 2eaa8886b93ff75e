//! Errors of the AWS SDK as errors of a model.

use std::error::Error;

use aws_sdk_bedrockruntime::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_bedrockruntime::operation::converse_stream::ConverseStreamError;
use aws_sdk_bedrockruntime::types::error::ConverseStreamOutputError;

use crate::model::ModelError;

/// Why a request has no stream.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the SDK gains variants, of which most are nothing to this crate"
)]
pub(super) fn of_call<R>(error: &SdkError<ConverseStreamError, R>) -> ModelError
where
    R: std::fmt::Debug + 'static,
{
    match error {
        SdkError::ServiceError(refused) => of_exception(refused.err()),
        SdkError::ConstructionFailure(_) => credentials_or(causes(error), ModelError::Refused),
        SdkError::DispatchFailure(failure) if !failure.is_io() && !failure.is_timeout() => {
            credentials_or(causes(error), ModelError::Unavailable)
        }
        _ => ModelError::Unavailable(causes(error)),
    }
}

/// Why a stream ended early.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the SDK gains variants, of which most are nothing to this crate"
)]
pub(super) fn of_stream<R>(error: &SdkError<ConverseStreamOutputError, R>) -> ModelError
where
    R: std::fmt::Debug + 'static,
{
    match error {
        SdkError::ServiceError(refused) => of_exception(refused.err()),
        _ => ModelError::Cut(causes(error)),
    }
}

fn of_exception(error: &impl ProvideErrorMetadata) -> ModelError {
    let message = error.message().unwrap_or("no message").to_owned();
    ModelError::of_exception(error.code().unwrap_or("UnknownError"), message)
}

fn credentials_or(causes: String, otherwise: fn(String) -> ModelError) -> ModelError {
    let words = causes.to_ascii_lowercase();
    if words.contains("credential") || words.contains("token") || words.contains("identity") {
        ModelError::Credentials(causes)
    } else {
        otherwise(causes)
    }
}

fn causes(error: &(dyn Error + 'static)) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line.push_str(": ");
        line.push_str(&error.to_string());
        cause = error.source();
    }
    line
}
