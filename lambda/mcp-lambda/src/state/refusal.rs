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
    /// The caller has used up its requests of this minute.
    RequestLimitReached { limit: u32, seconds: u64 },
    /// The caller has used up its calls of this tool of this day.
    ToolLimitReached {
        tool: String,
        limit: u32,
        seconds: u64,
    },
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
            StateRefusal::RequestLimitReached { limit, seconds } => write!(
                formatter,
                "the limit of {limit} requests a minute of one caller is reached: try again in {seconds} seconds"
            ),
            StateRefusal::ToolLimitReached {
                tool,
                limit,
                seconds,
            } => write!(
                formatter,
                "the limit of {limit} calls of {tool} a day of one caller is reached: call it again in {}, after midnight UTC",
                duration(*seconds)
            ),
            StateRefusal::Unavailable(problem) => problem.fmt(formatter),
        }
    }
}

/// A duration for people and models: in hours and minutes, or in seconds.
fn duration(seconds: u64) -> String {
    let minutes = seconds.div_ceil(60);
    match (minutes / 60, minutes % 60) {
        (0, 0 | 1) => format!("{seconds} seconds"),
        (0, minutes) => format!("{minutes} minutes"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
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
            StateRefusal::RequestLimitReached { .. } => "RequestLimitReached",
            StateRefusal::ToolLimitReached { .. } => "ToolLimitReached",
            StateRefusal::Unavailable(_) => "StateUnavailable",
        }
    }

    /// Whether DynamoDB throttled the server.
    pub(crate) fn is_throttling(&self) -> bool {
        *self == StateRefusal::Unavailable(StoreError::Throttled)
    }

    /// After how many seconds a limit of the caller is no longer reached.
    pub(crate) fn retry_after(&self) -> Option<u64> {
        match self {
            StateRefusal::RequestLimitReached { seconds, .. }
            | StateRefusal::ToolLimitReached { seconds, .. } => Some(*seconds),
            StateRefusal::NoStandaloneStream { .. }
            | StateRefusal::EventUnknown
            | StateRefusal::NotAsked
            | StateRefusal::SessionUnknown
            | StateRefusal::Unavailable(_) => None,
        }
    }

    /// The HTTP methods of the endpoint, for a refusal of one.
    pub(crate) fn allowed(&self) -> Option<&'static str> {
        match self {
            StateRefusal::NoStandaloneStream { allowed } => Some(allowed),
            StateRefusal::EventUnknown
            | StateRefusal::NotAsked
            | StateRefusal::SessionUnknown
            | StateRefusal::RequestLimitReached { .. }
            | StateRefusal::ToolLimitReached { .. }
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
            StateRefusal::RequestLimitReached { .. } | StateRefusal::ToolLimitReached { .. } => {
                (StatusCode::TOO_MANY_REQUESTS, REFUSED)
            }
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
