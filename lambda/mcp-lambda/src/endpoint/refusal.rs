//! Lists every reason for refusing a request and maps each one to its HTTP and JSON-RPC response.

use std::fmt;
use std::time::Duration;

use http::header::{ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use http_body_util::{BodyExt, Full};
use mcp_lambda_contract::{Challenge, InvalidChallengeValue};
use rmcp::model::{ErrorCode, ErrorData, JsonRpcError, ProtocolVersion, RequestId};
use serde::Serialize;
use serde_json::{Value, json};

use crate::audit::AuditProblem;
use crate::endpoint::error_code::{INSUFFICIENT_SCOPE, REFUSED};
use crate::endpoint::limits::{LimitError, MAX_BODY, MAX_DEPTH, MAX_HEADER_BYTES, MAX_HEADERS};
use crate::runtime::response::Response;
use crate::state::refusal::StateRefusal;
use crate::token::bearer::TokenError;
use crate::token::caller::Caller;
use crate::token::claims::ClaimsProblem;
use crate::token::jwt::{JwtProblem, SignatureError};
use crate::token::policy::{Policy, Verdict};

/// The HTTP methods of an endpoint without MCP sessions.
pub(crate) const POST_ONLY: &str = "POST";

/// When a client should try again after a 503.
const RETRY_SECONDS: &str = "1";

/// Every reason for which a request does not reach a tool. Only [`Refusal::respond`] maps a reason to an HTTP response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// No `Authorization: Bearer …`, or no claims from the gateway.
    TokenMissing,
    /// The access token cannot be verified.
    TokenUnverified(JwtProblem),
    /// The access token is genuine, but not for this server or no longer valid.
    ClaimsRejected(ClaimsProblem),
    /// The issuer's keys cannot be fetched, so no access token can be verified.
    KeysUnavailable,
    /// The tool needs scopes that the access token does not carry.
    InsufficientScope { tool: String, scopes: Vec<String> },
    /// Not the path of the MCP URL (plain HTTP mode only).
    PathUnknown,
    /// An HTTP method that the endpoint does not support.
    MethodNotAllowed { allowed: &'static str },
    /// The body is not JSON.
    NotJson,
    /// The body is JSON, but not one JSON-RPC message.
    NotOneMessage(&'static str),
    /// The body is a batch, which a rate limit would count as one request.
    BatchNotAllowed,
    /// The parameters cannot be those of any method.
    ParamsMalformed {
        rule: &'static str,
        status: StatusCode,
    },
    /// A header contradicts the body that it repeats.
    HeaderMismatch(&'static str),
    /// A protocol version that rmcp does not know.
    VersionUnsupported(String),
    /// The body is larger than the limit, in bytes.
    BodyTooLarge { limit: usize },
    /// The body does not arrive in time (plain HTTP mode only).
    BodyTooSlow { limit: Duration },
    /// More connections or requests than the server takes at one moment (plain HTTP mode only).
    Overloaded,
    /// Too many header fields, or too long ones.
    HeadersTooLarge,
    /// Arrays and objects are nested too deeply.
    TooDeep,
    /// The invocation ends before there is a response.
    DeadlineReached,
    /// The server panicked before it had a response.
    ServerPanicked,
    /// A reason that concerns what outlives the invocation.
    State(StateRefusal),
    /// The call has no record in the audit trail.
    Unrecorded(AuditProblem),
    /// rmcp refused in plain text.
    Rmcp { status: StatusCode, text: String },
}

/// The parameters of every challenge of one server.
#[derive(Clone, Debug)]
pub(crate) struct ChallengeContext {
    pub(crate) metadata_url: String,
    /// Full scope strings of the whole server.
    pub(crate) scopes: Vec<String>,
}

impl From<LimitError> for Refusal {
    fn from(error: LimitError) -> Self {
        match error {
            LimitError::HeadersTooLarge => Refusal::HeadersTooLarge,
            LimitError::BodyTooLarge => Refusal::BodyTooLarge { limit: MAX_BODY },
            LimitError::TooDeep => Refusal::TooDeep,
        }
    }
}

impl From<StateRefusal> for Refusal {
    fn from(refusal: StateRefusal) -> Self {
        Refusal::State(refusal)
    }
}

impl From<TokenError> for Refusal {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Signature(SignatureError::Unverified(problem)) => {
                Refusal::TokenUnverified(problem)
            }
            TokenError::Signature(SignatureError::KeysUnavailable) => Refusal::KeysUnavailable,
            TokenError::Claims(problem) => Refusal::ClaimsRejected(problem),
        }
    }
}

impl fmt::Display for Refusal {
    /// The message for the caller.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::TokenMissing => formatter.write_str("an access token is required"),
            Refusal::TokenUnverified(problem) => problem.fmt(formatter),
            Refusal::ClaimsRejected(problem) => problem.fmt(formatter),
            Refusal::KeysUnavailable => formatter.write_str(
                "the access token cannot be verified now, because the issuer's keys cannot be read",
            ),
            Refusal::InsufficientScope { tool, scopes } => {
                write!(
                    formatter,
                    "tool {tool} needs the scope {}",
                    scopes.join(" ")
                )
            }
            Refusal::PathUnknown => formatter.write_str("there is nothing at this path"),
            Refusal::MethodNotAllowed { allowed } => {
                write!(formatter, "this endpoint accepts {allowed} only")
            }
            Refusal::NotJson => formatter.write_str("the body is not JSON"),
            Refusal::NotOneMessage(rule)
            | Refusal::ParamsMalformed { rule, .. }
            | Refusal::HeaderMismatch(rule) => formatter.write_str(rule),
            Refusal::BatchNotAllowed => formatter.write_str(
                "this server takes no batches, because it limits requests: send each message as a request of its own",
            ),
            // MCP clients that do not know the error code look for the first words, and initialize then.
            Refusal::VersionUnsupported(version) => write!(
                formatter,
                "Unsupported protocol version: {version} (supported versions: {})",
                supported_versions().join(", ")
            ),
            Refusal::BodyTooLarge { limit } => {
                write!(formatter, "the body is larger than {limit} bytes")
            }
            Refusal::BodyTooSlow { limit } => write!(
                formatter,
                "the body did not arrive within {} milliseconds",
                limit.as_millis()
            ),
            Refusal::Overloaded => formatter
                .write_str("the server has as many requests as it takes, try again in a moment"),
            Refusal::HeadersTooLarge => write!(
                formatter,
                "the request has more than {MAX_HEADERS} header fields or {MAX_HEADER_BYTES} bytes of them"
            ),
            Refusal::TooDeep => write!(
                formatter,
                "the body nests arrays and objects deeper than {MAX_DEPTH} levels"
            ),
            Refusal::DeadlineReached => {
                formatter.write_str("the server did not finish before the end of its invocation")
            }
            Refusal::ServerPanicked => formatter.write_str("the server failed"),
            Refusal::State(refusal) => refusal.fmt(formatter),
            Refusal::Unrecorded(problem) => problem.fmt(formatter),
            Refusal::Rmcp { text, .. } => formatter.write_str(text),
        }
    }
}

/// The parts of a response that depend on the reason.
struct Wire {
    status: StatusCode,
    body: Body,
    challenge: Option<Result<Challenge, InvalidChallengeValue>>,
}

enum Body {
    /// An OAuth error (RFC 6750 section 3.1), as in the gateway responses.
    OAuth(&'static str),
    /// A JSON-RPC error.
    JsonRpc(ErrorCode),
}

impl Refusal {
    /// Its name in logs and metrics.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Refusal::TokenMissing => "TokenMissing",
            Refusal::TokenUnverified(_) => "TokenUnverified",
            Refusal::ClaimsRejected(_) => "ClaimsRejected",
            Refusal::KeysUnavailable => "KeysUnavailable",
            Refusal::InsufficientScope { .. } => "InsufficientScope",
            Refusal::PathUnknown => "PathUnknown",
            Refusal::MethodNotAllowed { .. } => "MethodNotAllowed",
            Refusal::NotJson => "NotJson",
            Refusal::NotOneMessage(_) => "NotOneMessage",
            Refusal::BatchNotAllowed => "BatchNotAllowed",
            Refusal::ParamsMalformed { .. } => "ParamsMalformed",
            Refusal::HeaderMismatch(_) => "HeaderMismatch",
            Refusal::VersionUnsupported(_) => "VersionUnsupported",
            Refusal::BodyTooLarge { .. } => "BodyTooLarge",
            Refusal::BodyTooSlow { .. } => "BodyTooSlow",
            Refusal::Overloaded => "Overloaded",
            Refusal::HeadersTooLarge => "HeadersTooLarge",
            Refusal::TooDeep => "TooDeep",
            Refusal::DeadlineReached => "DeadlineReached",
            Refusal::ServerPanicked => "ServerPanicked",
            Refusal::State(refusal) => refusal.name(),
            Refusal::Unrecorded(_) => "Unrecorded",
            Refusal::Rmcp { .. } => "Engine",
        }
    }

    /// Whether a service that this library uses throttled it.
    pub(crate) fn is_throttling(&self) -> bool {
        matches!(self, Refusal::State(refusal) if refusal.is_throttling())
    }

    /// Whether the server could not do what it was asked for, as opposed to what it refuses.
    pub(crate) fn is_failure(&self) -> bool {
        match self {
            Refusal::DeadlineReached | Refusal::ServerPanicked | Refusal::Unrecorded(_) => true,
            Refusal::State(refusal) => refusal.wire().0.is_server_error(),
            Refusal::TokenMissing
            | Refusal::TokenUnverified(_)
            | Refusal::ClaimsRejected(_)
            | Refusal::KeysUnavailable
            | Refusal::InsufficientScope { .. }
            | Refusal::PathUnknown
            | Refusal::MethodNotAllowed { .. }
            | Refusal::NotJson
            | Refusal::NotOneMessage(_)
            | Refusal::BatchNotAllowed
            | Refusal::ParamsMalformed { .. }
            | Refusal::HeaderMismatch(_)
            | Refusal::VersionUnsupported(_)
            | Refusal::BodyTooLarge { .. }
            | Refusal::BodyTooSlow { .. }
            | Refusal::Overloaded
            | Refusal::HeadersTooLarge
            | Refusal::TooDeep
            | Refusal::Rmcp { .. } => false,
        }
    }

    fn wire(&self, context: &ChallengeContext) -> Wire {
        let oauth = |status, error, challenge| Wire {
            status,
            body: Body::OAuth(error),
            challenge: Some(challenge),
        };
        let json_rpc = |status, code| Wire {
            status,
            body: Body::JsonRpc(code),
            challenge: None,
        };
        let ChallengeContext {
            metadata_url,
            scopes,
        } = context;
        match self {
            Refusal::TokenMissing => oauth(
                StatusCode::UNAUTHORIZED,
                "invalid_token",
                Challenge::token_required(metadata_url, scopes),
            ),
            Refusal::TokenUnverified(_) | Refusal::ClaimsRejected(_) => oauth(
                StatusCode::UNAUTHORIZED,
                "invalid_token",
                Challenge::invalid_token(&self.to_string(), metadata_url, scopes),
            ),
            Refusal::KeysUnavailable => Wire {
                status: StatusCode::SERVICE_UNAVAILABLE,
                body: Body::OAuth("temporarily_unavailable"),
                challenge: None,
            },
            Refusal::InsufficientScope { scopes, .. } => Wire {
                status: StatusCode::FORBIDDEN,
                body: Body::JsonRpc(INSUFFICIENT_SCOPE),
                challenge: Some(Challenge::insufficient_scope(metadata_url, scopes)),
            },
            Refusal::PathUnknown => json_rpc(StatusCode::NOT_FOUND, REFUSED),
            Refusal::MethodNotAllowed { .. } => json_rpc(StatusCode::METHOD_NOT_ALLOWED, REFUSED),
            Refusal::NotJson => json_rpc(StatusCode::BAD_REQUEST, ErrorCode::PARSE_ERROR),
            Refusal::NotOneMessage(_) | Refusal::BatchNotAllowed => {
                json_rpc(StatusCode::BAD_REQUEST, ErrorCode::INVALID_REQUEST)
            }
            Refusal::ParamsMalformed { status, .. } => json_rpc(*status, ErrorCode::INVALID_PARAMS),
            Refusal::HeaderMismatch(_) => {
                json_rpc(StatusCode::BAD_REQUEST, ErrorCode::HEADER_MISMATCH)
            }
            Refusal::VersionUnsupported(_) => json_rpc(
                StatusCode::BAD_REQUEST,
                ErrorCode::UNSUPPORTED_PROTOCOL_VERSION,
            ),
            Refusal::BodyTooLarge { .. } => json_rpc(StatusCode::PAYLOAD_TOO_LARGE, REFUSED),
            Refusal::BodyTooSlow { .. } => json_rpc(StatusCode::REQUEST_TIMEOUT, REFUSED),
            Refusal::Overloaded => json_rpc(StatusCode::SERVICE_UNAVAILABLE, REFUSED),
            Refusal::HeadersTooLarge => {
                json_rpc(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, REFUSED)
            }
            Refusal::TooDeep => json_rpc(StatusCode::BAD_REQUEST, ErrorCode::INVALID_REQUEST),
            // 200, as for every error of a request that was understood: older clients do not read the body otherwise.
            Refusal::DeadlineReached => json_rpc(StatusCode::OK, ErrorCode::INTERNAL_ERROR),
            Refusal::ServerPanicked => {
                json_rpc(StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::INTERNAL_ERROR)
            }
            Refusal::State(refusal) => {
                let (status, code) = refusal.wire();
                json_rpc(status, code)
            }
            Refusal::Unrecorded(problem) => {
                json_rpc(unrecorded_status(problem), ErrorCode::INTERNAL_ERROR)
            }
            Refusal::Rmcp { status, .. } => json_rpc(*status, REFUSED),
        }
    }

    /// The HTTP methods of the endpoint.
    fn allowed(&self) -> &'static str {
        if let Refusal::MethodNotAllowed { allowed } = self {
            return allowed;
        }
        if let Refusal::State(refusal) = self {
            return refusal.allowed().unwrap_or(POST_ONLY);
        }
        POST_ONLY
    }

    /// The error object alone, for a response that has already started as an event stream.
    pub(crate) fn error(&self, context: &ChallengeContext, id: Option<RequestId>) -> JsonRpcError {
        let code = match self.wire(context).body {
            Body::JsonRpc(code) => code,
            Body::OAuth(_) => REFUSED,
        };
        JsonRpcError::new(id, ErrorData::new(code, self.to_string(), self.data()))
    }

    /// The machine-readable data of the error.
    fn data(&self) -> Option<Value> {
        if let Refusal::VersionUnsupported(version) = self {
            return Some(json!({ "requested": version, "supported": supported_versions() }));
        }
        None
    }

    /// The whole response.
    pub(crate) fn respond(&self, context: &ChallengeContext, id: Option<RequestId>) -> Response {
        let Wire {
            status,
            body,
            challenge,
        } = self.wire(context);
        // A foreign `Origin` or `Host` is refused before the message is parsed (Streamable HTTP, security warning): the
        // response has no id.
        let is_foreign =
            matches!(self, Refusal::Rmcp { status, .. } if *status == StatusCode::FORBIDDEN);
        let id = id.filter(|_| !is_foreign);
        let body = match body {
            Body::OAuth(error) => json!({ "error": error, "error_description": self.to_string() }),
            Body::JsonRpc(_) => json!(self.error(context, id)),
        };
        let mut response = json_response(status, &body);
        advise(&mut response);
        if let Refusal::State(refusal) = self
            && let Some(seconds) = refusal.retry_after()
        {
            response
                .headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        let headers = response.headers_mut();
        if status == StatusCode::METHOD_NOT_ALLOWED {
            headers.insert(ALLOW, HeaderValue::from_static(self.allowed()));
        }
        if let Some(challenge) = challenge {
            // A challenge made of settings that cannot be sent must not turn a refusal into a failure: the metadata
            // is then found at its well-known URL.
            let value =
                challenge.map_or_else(|_| "Bearer".to_owned(), |challenge| challenge.to_string());
            headers.insert(
                WWW_AUTHENTICATE,
                HeaderValue::try_from(value).unwrap_or(HeaderValue::from_static("Bearer")),
            );
        }
        response
    }
}

/// The status of a response instead of one without a record: 503 when the tool has not run, so that trying again does nothing
/// twice.
pub(crate) fn unrecorded_status(problem: &AuditProblem) -> StatusCode {
    if problem.has_run() {
        StatusCode::INTERNAL_SERVER_ERROR
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    }
}

/// Adds the headers of the status: when the client may try again, and that the connection is closed.
pub(crate) fn advise(response: &mut Response) {
    let status = response.status();
    let headers = response.headers_mut();
    if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(RETRY_AFTER, HeaderValue::from_static(RETRY_SECONDS));
    }
    if status == StatusCode::REQUEST_TIMEOUT {
        // The rest of the body would be taken for the next request (RFC 9110 section 15.5.9).
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
}

/// Refuses a caller that lacks an OAuth scope of the tool. rmcp responds to a call of an unknown tool.
pub(crate) fn check_scopes(policy: &Policy, tool: &str, caller: &Caller) -> Result<(), Refusal> {
    match policy.judge(tool, caller) {
        Verdict::NeedsScopes(scopes) => Err(Refusal::InsufficientScope {
            tool: tool.to_owned(),
            scopes,
        }),
        Verdict::Allowed | Verdict::UnknownTool => Ok(()),
    }
}

/// The protocol versions of rmcp.
fn supported_versions() -> Vec<&'static str> {
    ProtocolVersion::KNOWN_VERSIONS
        .iter()
        .map(ProtocolVersion::as_str)
        .collect()
}

/// A JSON response that must not be cached. Its body is a type of JSON objects, which can always be serialised.
pub(crate) fn json_response(status: StatusCode, body: &impl Serialize) -> Response {
    let body = serde_json::to_vec(body).unwrap_or_default();
    let mut response = Response::new(Full::from(body).boxed());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
