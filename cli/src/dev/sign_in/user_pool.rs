//! The unsigned operations of the user pool API that Cognito's own pages use.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use serde::Deserialize;
use serde_json::Value;

use crate::dev::edge::Upstream;

/// Why the user pool refused, as far as the pages distinguish it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    UsernameExists,
    InvalidPassword,
    CodeMismatch,
    ExpiredCode,
    /// An account that is confirmed already, or a reset for one that is not.
    NotAuthorized(String),
    InvalidParameter(String),
    TooMany,
    /// Wrong client, or a token that is another client's.
    Unauthorized,
    UnsupportedTokenType,
    /// Anything else, by its name in the API; the emulator being away is `Unreachable`.
    Other(String),
}

impl Refusal {
    fn new(kind: &str, message: String) -> Self {
        match kind.rsplit('#').next().unwrap_or_default() {
            "UsernameExistsException" | "AliasExistsException" => Self::UsernameExists,
            "InvalidPasswordException" => Self::InvalidPassword,
            // Too long, or with a space at an end: what the API refuses before the pool's policy.
            "InvalidParameterException" if message.contains("'password'") => Self::InvalidPassword,
            "CodeMismatchException" => Self::CodeMismatch,
            "ExpiredCodeException" => Self::ExpiredCode,
            "NotAuthorizedException" => Self::NotAuthorized(message),
            "InvalidParameterException" => Self::InvalidParameter(message),
            "LimitExceededException"
            | "TooManyRequestsException"
            | "TooManyFailedAttemptsException" => Self::TooMany,
            "UnauthorizedException" | "ResourceNotFoundException" => Self::Unauthorized,
            "UnsupportedTokenTypeException" => Self::UnsupportedTokenType,
            other => Self::Other(other.to_owned()),
        }
    }

    /// The message for the person, and the field to correct.
    pub(crate) fn sentence(&self) -> (String, &'static str) {
        match self {
            Self::UsernameExists => (
                "An account with this e-mail address exists already. Sign in instead.".into(),
                "email",
            ),
            Self::InvalidPassword => (
                "This password does not meet the requirements below.".into(),
                "password",
            ),
            Self::CodeMismatch => ("This is not the code from the newest mail.".into(), "code"),
            Self::ExpiredCode => (
                "This code is not valid any more. Ask for a new one.".into(),
                "code",
            ),
            Self::NotAuthorized(message) | Self::InvalidParameter(message) => {
                (format!("{}.", message.trim_end_matches('.')), "email")
            }
            Self::TooMany => (
                "Too many attempts. Wait a few minutes and try again.".into(),
                "email",
            ),
            Self::Unauthorized => (
                "This client is unknown to the user pool. Start again from your MCP client.".into(),
                "email",
            ),
            Self::UnsupportedTokenType | Self::Other(_) => (
                "The user pool could not do this. Try again.".into(),
                "email",
            ),
        }
    }
}

/// Calls an operation of the user pool API, as managed login: without a hash of the app client's secret, which Cognito's
/// pages know by themselves.
pub(crate) async fn call(
    upstream: &Upstream,
    operation: &str,
    input: &Value,
) -> Result<(), Refusal> {
    #[derive(Deserialize, Default)]
    struct Error {
        #[serde(default, rename = "__type")]
        kind: String,
        #[serde(default, alias = "Message")]
        message: String,
    }
    let mut input = input.clone();
    input["ManagedLogin"] = Value::Bool(true);
    let request = Request::post("/")
        .header(header::CONTENT_TYPE, "application/x-amz-json-1.1")
        .header(
            "x-amz-target",
            format!("AWSCognitoIdentityProviderService.{operation}"),
        )
        .body(Body::from(input.to_string()))
        .map_err(|error| Refusal::Other(error.to_string()))?;
    let response = upstream
        .call(request)
        .await
        .map_err(|_| Refusal::Other("Unreachable".into()))?;
    if response.status() == StatusCode::OK {
        return Ok(());
    }
    let Error { kind, message } = serde_json::from_slice(response.body()).unwrap_or_default();
    Err(Refusal::new(&kind, message))
}
