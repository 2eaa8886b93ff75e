//! Says whether the server can serve requests, for load balancers.

use http::{Method, StatusCode};
use http_body_util::{BodyExt, Empty};
use serde_json::json;

use crate::endpoint::refusal::json_response;
use crate::runtime::response::Response;

/// Why the server cannot serve requests now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotReady {
    /// No access token can be verified.
    NoKeys,
    ShuttingDown,
}

/// The response to a health check. The settings are there, or the process would have ended.
pub(crate) fn respond(method: &Method, state: Result<(), NotReady>) -> Response {
    let (status, body) = match state {
        Ok(()) => (StatusCode::OK, json!({ "status": "ready" })),
        Err(problem) => {
            let reason = match problem {
                NotReady::NoKeys => "the issuer's keys have not been read",
                NotReady::ShuttingDown => "the server is shutting down",
            };
            let body = json!({ "status": "unavailable", "reason": reason });
            (StatusCode::SERVICE_UNAVAILABLE, body)
        }
    };
    let mut response = json_response(status, &body);
    if method == Method::HEAD {
        *response.body_mut() = Empty::new().boxed();
    }
    response
}
