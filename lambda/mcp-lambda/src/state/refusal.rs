//! Lists the reasons for refusing a request that concern state.

use std::fmt;

use http::StatusCode;
use rmcp::model::ErrorCode;

use crate::endpoint::error_code::REFUSED;
use crate::state::store::StoreError;

/// The reasons of [`Refusal::State`](crate::endpoint::refusal::Refusal::State).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StateRefusal {
    /// GET without `Last-Event-ID`: there is no event stream outside of responses.
    NoStandaloneStream { allowed: &'static str },
    /// The event id was not issued in this MCP session, was altered, or has expired.
    EventUnknown,
    /// The client's response belongs to no open request of the server in this MCP session.
    NotAsked,
    /// The session id was not issued to this caller, was altered, or has expired.
    SessionUnknown,
    /// State that must outlive the invocation cannot be stored.
    Unavailable(StoreError),
}

impl fmt::Display for StateRefusal {
    /// The message for the caller.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StateRefusal::NoStandaloneStream { .. } => formatter.write_str(
                "this endpoint has no event stream outside of answers: send the Last-Event-ID to resume one",
            ),
            StateRefusal::EventUnknown => formatter.write_str(
                "the Last-Event-ID is not known in this conversation: it is not one of it, or too old",
            ),
            StateRefusal::NotAsked => formatter.write_str(
                "the response answers no open question of this session: its id is unknown, expired or answered already",
            ),
            StateRefusal::SessionUnknown => formatter
                .write_str("the Mcp-Session-Id is not known for this caller: initialize again"),
            StateRefusal::Unavailable(problem) => problem.fmt(formatter),
        }
    }
}

impl StateRefusal {
    /// Its name in logs and metrics.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            StateRefusal::NoStandaloneStream { .. } => "NoStandaloneStream",
            StateRefusal::EventUnknown => "EventUnknown",
            StateRefusal::NotAsked => "NotAsked",
            StateRefusal::SessionUnknown => "SessionUnknown",
            StateRefusal::Unavailable(_) => "StateUnavailable",
        }
    }

    /// Whether DynamoDB throttled the server.
    pub(crate) fn is_throttling(&self) -> bool {
        *self == StateRefusal::Unavailable(StoreError::Throttled)
    }

    /// The HTTP methods of the endpoint, for a refusal of one.
    pub(crate) fn allowed(&self) -> Option<&'static str> {
        match self {
            StateRefusal::NoStandaloneStream { allowed } => Some(allowed),
            StateRefusal::EventUnknown
            | StateRefusal::NotAsked
            | StateRefusal::SessionUnknown
            | StateRefusal::Unavailable(_) => None,
        }
    }

    /// The HTTP status and the code of the JSON-RPC error.
    pub(crate) fn wire(&self) -> (StatusCode, ErrorCode) {
        match self {
            StateRefusal::NoStandaloneStream { .. } => (StatusCode::METHOD_NOT_ALLOWED, REFUSED),
            // Not 404, which would mean that the session has ended.
            StateRefusal::EventUnknown => (StatusCode::BAD_REQUEST, REFUSED),
            StateRefusal::NotAsked => (StatusCode::BAD_REQUEST, ErrorCode::INVALID_REQUEST),
            // The status tells a client to initialize again (Streamable HTTP, session management).
            StateRefusal::SessionUnknown => (StatusCode::NOT_FOUND, REFUSED),
            StateRefusal::Unavailable(problem) => match problem {
                StoreError::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, REFUSED),
                StoreError::Throttled
                | StoreError::TooSlow
                | StoreError::Unreachable
                | StoreError::Failed
                | StoreError::Full
                | StoreError::Conflict => {
                    (StatusCode::SERVICE_UNAVAILABLE, ErrorCode::INTERNAL_ERROR)
                }
                StoreError::AccessDenied { .. }
                | StoreError::TableMissing
                | StoreError::Refused(_)
                | StoreError::Nonsense
                | StoreError::NoRandomness => {
                    (StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::INTERNAL_ERROR)
                }
            },
        }
    }
}
