//! Lists every reason for an error response of the tools API and maps each one to its problem details (RFC 9457).

use std::fmt;

use http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use mcp_lambda_contract::Challenge;
use rmcp::ErrorData;
use rmcp::model::ErrorCode;
use serde_json::{Value, json};

use crate::audit::AuditProblem;
use crate::endpoint::limits::{LimitError, MAX_BODY, MAX_DEPTH, MAX_HEADER_BYTES, MAX_HEADERS};
use crate::endpoint::refusal::{
    ChallengeContext, Refusal, advise, json_response, unrecorded_status,
};
use crate::runtime::response::Response;

/// Every reason for an error response. Only [`Problem::respond`] maps a reason to an HTTP response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    /// Neither an API key nor an access token.
    CredentialMissing,
    /// The access token is not accepted, with the reason.
    CredentialRefused(String),
    /// The API key is not one of this server.
    KeyUnknown,
    /// The issuer's keys cannot be read, so no access token can be verified.
    Unavailable(String),
    /// The tool needs OAuth scopes that the caller does not have.
    ScopeMissing { tool: String, scopes: Vec<String> },
    /// No tool has this name.
    FunctionUnknown(String),
    /// An HTTP method that the path does not support.
    MethodNotAllowed { allowed: &'static [&'static str] },
    /// The body is not JSON.
    NotJson,
    /// The body is JSON that the endpoint does not take.
    BodyInvalid(String),
    /// The body has another media type.
    MediaTypeUnsupported,
    /// The body is larger than the limit.
    BodyTooLarge,
    /// The body does not arrive in time.
    BodyTooSlow(String),
    /// The server has as many requests as it takes.
    Overloaded(String),
    /// Too many header fields, or too long ones.
    HeadersTooLarge,
    /// Arrays and objects are nested too deeply.
    TooDeep,
    /// The caller has used up its requests, or its calls of the tool.
    LimitReached {
        name: &'static str,
        detail: String,
        seconds: u64,
    },
    /// The call has no record in the audit trail.
    Unrecorded(AuditProblem),
    /// The arguments do not match the input schema.
    ArgumentsInvalid(String),
    /// The tool is declared to need an MCP client.
    NeedsMcpClient { tool: String, reason: String },
    /// The tool asked its client something.
    AskedClient(String),
    /// The tool returned an error.
    ToolFailed(String),
    /// The tool did not finish before the deadline.
    TooLate,
    /// The server failed.
    Failed,
}

impl From<LimitError> for Problem {
    fn from(error: LimitError) -> Self {
        match error {
            LimitError::HeadersTooLarge => Self::HeadersTooLarge,
            LimitError::BodyTooLarge => Self::BodyTooLarge,
            LimitError::TooDeep => Self::TooDeep,
        }
    }
}

impl From<Refusal> for Problem {
    /// Why a request with an access token was refused.
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::TokenMissing => Self::CredentialMissing,
            Refusal::KeysUnavailable => Self::Unavailable(refusal.to_string()),
            Refusal::BodyTooLarge { .. } => Self::BodyTooLarge,
            Refusal::BodyTooSlow { .. } => Self::BodyTooSlow(refusal.to_string()),
            Refusal::Overloaded => Self::Overloaded(refusal.to_string()),
            Refusal::State(refusal) => match refusal.retry_after() {
                Some(seconds) => Self::LimitReached {
                    name: refusal.name(),
                    detail: refusal.to_string(),
                    seconds,
                },
                None => Self::Unavailable(refusal.to_string()),
            },
            Refusal::Unrecorded(problem) => Self::Unrecorded(problem),
            refusal @ (Refusal::TokenUnverified(_)
            | Refusal::ClaimsRejected(_)
            | Refusal::InsufficientScope { .. }
            | Refusal::PathUnknown
            | Refusal::MethodNotAllowed { .. }
            | Refusal::NotJson
            | Refusal::NotOneMessage(_)
            | Refusal::BatchNotAllowed
            | Refusal::ParamsMalformed { .. }
            | Refusal::HeaderMismatch(_)
            | Refusal::VersionUnsupported(_)
            | Refusal::HeadersTooLarge
            | Refusal::TooDeep
            | Refusal::DeadlineReached
            | Refusal::ServerPanicked
            | Refusal::Rmcp { .. }) => Self::CredentialRefused(refusal.to_string()),
        }
    }
}

impl From<ErrorData> for Problem {
    /// A JSON-RPC error that a call of a tool ended with.
    fn from(error: ErrorData) -> Self {
        match error.code {
            ErrorCode::INVALID_PARAMS => Self::ArgumentsInvalid(error.message.into_owned()),
            ErrorCode::MISSING_REQUIRED_CLIENT_CAPABILITY => {
                Self::AskedClient("it needs a client of MCP with capabilities".to_owned())
            }
            _ => Self::ToolFailed(error.message.into_owned()),
        }
    }
}

impl fmt::Display for Problem {
    /// The detail for the caller.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CredentialMissing => {
                formatter.write_str("an API key or an access token is required")
            }
            Self::CredentialRefused(detail)
            | Self::Unavailable(detail)
            | Self::BodyTooSlow(detail)
            | Self::Overloaded(detail)
            | Self::BodyInvalid(detail)
            | Self::ArgumentsInvalid(detail)
            | Self::ToolFailed(detail)
            | Self::LimitReached { detail, .. } => formatter.write_str(detail),
            Self::Unrecorded(problem) => problem.fmt(formatter),
            Self::KeyUnknown => formatter.write_str("the API key is not one of this server"),
            Self::ScopeMissing { tool, scopes } => {
                write!(
                    formatter,
                    "function {tool} needs the scope {}",
                    scopes.join(" ")
                )
            }
            Self::FunctionUnknown(name) => write!(
                formatter,
                "there is no function {name:?}: GET /functions lists them"
            ),
            Self::MethodNotAllowed { allowed } => {
                write!(formatter, "this path accepts {} only", allowed.join(", "))
            }
            Self::NotJson => formatter.write_str("the body is not JSON"),
            Self::MediaTypeUnsupported => {
                formatter.write_str("the body must have the media type application/json")
            }
            Self::BodyTooLarge => write!(formatter, "the body is larger than {MAX_BODY} bytes"),
            Self::HeadersTooLarge => write!(
                formatter,
                "the request has more than {MAX_HEADERS} header fields or {MAX_HEADER_BYTES} bytes of them"
            ),
            Self::TooDeep => write!(
                formatter,
                "the body nests arrays and objects deeper than {MAX_DEPTH} levels"
            ),
            Self::NeedsMcpClient { tool, reason } => write!(
                formatter,
                "function {tool} {reason}: call it with an MCP client"
            ),
            Self::AskedClient(reason) => write!(
                formatter,
                "the function cannot finish here, because {reason}: call it with an MCP client"
            ),
            Self::TooLate => formatter.write_str("the function did not finish before the deadline"),
            Self::Failed => formatter.write_str("the server failed"),
        }
    }
}

impl Problem {
    /// Its name in logs.
    pub(crate) fn name(&self) -> &'static str {
        self.wire().0
    }

    /// Whether the request did not reach a tool.
    pub(crate) fn is_refusal(&self) -> bool {
        !matches!(
            self,
            Self::AskedClient(_)
                | Self::ToolFailed(_)
                | Self::TooLate
                | Self::Failed
                | Self::Unrecorded(_)
        )
    }

    /// The name, the last part of the URN, the status and the title.
    fn wire(&self) -> (&'static str, &'static str, StatusCode, &'static str) {
        match self {
            Self::CredentialMissing => (
                "CredentialMissing",
                "credential-missing",
                StatusCode::UNAUTHORIZED,
                "No credential",
            ),
            Self::CredentialRefused(_) => (
                "CredentialRefused",
                "credential-refused",
                StatusCode::UNAUTHORIZED,
                "Credential not accepted",
            ),
            Self::KeyUnknown => (
                "KeyUnknown",
                "key-unknown",
                StatusCode::FORBIDDEN,
                "API key not accepted",
            ),
            Self::Unavailable(_) => (
                "Unavailable",
                "unavailable",
                StatusCode::SERVICE_UNAVAILABLE,
                "Not available now",
            ),
            Self::ScopeMissing { .. } => (
                "InsufficientScope",
                "insufficient-scope",
                StatusCode::FORBIDDEN,
                "OAuth scope missing",
            ),
            Self::FunctionUnknown(_) => (
                "FunctionUnknown",
                "function-unknown",
                StatusCode::NOT_FOUND,
                "No such function",
            ),
            Self::MethodNotAllowed { .. } => (
                "MethodNotAllowed",
                "method-not-allowed",
                StatusCode::METHOD_NOT_ALLOWED,
                "Method not allowed",
            ),
            Self::NotJson => ("NotJson", "not-json", StatusCode::BAD_REQUEST, "Not JSON"),
            Self::BodyInvalid(_) => (
                "BodyInvalid",
                "body-invalid",
                StatusCode::BAD_REQUEST,
                "Body not understood",
            ),
            Self::MediaTypeUnsupported => (
                "MediaTypeUnsupported",
                "media-type-unsupported",
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "Media type not supported",
            ),
            Self::BodyTooLarge => (
                "BodyTooLarge",
                "body-too-large",
                StatusCode::PAYLOAD_TOO_LARGE,
                "Body too large",
            ),
            Self::BodyTooSlow(_) => (
                "BodyTooSlow",
                "body-too-slow",
                StatusCode::REQUEST_TIMEOUT,
                "Body too slow",
            ),
            Self::Overloaded(_) => (
                "Overloaded",
                "overloaded",
                StatusCode::SERVICE_UNAVAILABLE,
                "Too many requests at this moment",
            ),
            Self::HeadersTooLarge => (
                "HeadersTooLarge",
                "headers-too-large",
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "Headers too large",
            ),
            Self::TooDeep => (
                "TooDeep",
                "too-deep",
                StatusCode::BAD_REQUEST,
                "Nested too deeply",
            ),
            Self::LimitReached { name, .. } => (
                name,
                "limit-reached",
                StatusCode::TOO_MANY_REQUESTS,
                "Limit of the caller reached",
            ),
            Self::Unrecorded(problem) => (
                "Unrecorded",
                "unrecorded",
                unrecorded_status(problem),
                "Not recorded",
            ),
            Self::ArgumentsInvalid(_) => (
                "ArgumentsInvalid",
                "arguments-invalid",
                StatusCode::UNPROCESSABLE_ENTITY,
                "Arguments not valid",
            ),
            Self::NeedsMcpClient { .. } | Self::AskedClient(_) => (
                "NeedsMcpClient",
                "needs-mcp-client",
                StatusCode::CONFLICT,
                "MCP client needed",
            ),
            Self::ToolFailed(_) => (
                "ToolFailed",
                "tool-failed",
                StatusCode::INTERNAL_SERVER_ERROR,
                "The function returned an error",
            ),
            Self::TooLate => (
                "DeadlineReached",
                "too-late",
                StatusCode::GATEWAY_TIMEOUT,
                "Too late",
            ),
            Self::Failed => (
                "ServerPanicked",
                "failed",
                StatusCode::INTERNAL_SERVER_ERROR,
                "The server failed",
            ),
        }
    }

    /// The response, with a challenge where an access token would help.
    pub(crate) fn respond(
        &self,
        context: &ChallengeContext,
        takes_access_tokens: bool,
    ) -> Response {
        let (_, kind, status, title) = self.wire();
        let mut body = json!({
            "type": format!("urn:mcp-lambda:problem:{kind}"),
            "title": title,
            "status": status.as_u16(),
            "detail": self.to_string(),
        });
        if let Self::ScopeMissing { scopes, .. } = self {
            body["scopes"] = json!(scopes);
        }
        let mut response = problem_response(status, &body);
        advise(&mut response);
        if let Self::LimitReached { seconds, .. } = self {
            let seconds = HeaderValue::from(*seconds);
            response.headers_mut().insert(RETRY_AFTER, seconds);
        }
        if let Self::MethodNotAllowed { allowed } = self
            && let Ok(allowed) = HeaderValue::try_from(allowed.join(", "))
        {
            response.headers_mut().insert(ALLOW, allowed);
        }
        if let Some(challenge) = self.challenge(context).filter(|_| takes_access_tokens)
            && let Ok(challenge) = HeaderValue::try_from(challenge)
        {
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }

    fn challenge(&self, context: &ChallengeContext) -> Option<String> {
        let url = &context.metadata_url;
        let challenge = if let Self::ScopeMissing { scopes, .. } = self {
            Challenge::insufficient_scope(url, scopes)
        } else if let Self::CredentialRefused(detail) = self {
            Challenge::invalid_token(detail, url, &context.scopes)
        } else if *self == Self::CredentialMissing {
            Challenge::token_required(url, &context.scopes)
        } else {
            return None;
        };
        Some(challenge.map_or_else(|_| "Bearer".to_owned(), |challenge| challenge.to_string()))
    }
}

fn problem_response(status: StatusCode, body: &Value) -> Response {
    let mut response = json_response(status, body);
    response.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    response
}
