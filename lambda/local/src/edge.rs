//! The edge: on this machine what CloudFront is in AWS. The root of the URL is the API's stage, bodies are streamed in
//! both directions, and `Host` is the gateway's own (as with CloudFront's managed AllViewerExceptHostHeader policy).
//!
//! It refuses a foreign `Host` and nothing else: tokens, scopes and throttling are the gateway's, `Origin` is the
//! function's. It has none of CloudFront's limits (see `docs/live-checks.md`).

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};

use crate::forward::Upstream;
use crate::host::LoopbackHost;

/// The API stage that stands at the root.
const STAGE: &str = "prod";
/// The region that the emulator plays.
pub(crate) const REGION: &str = "us-east-1";

/// The REST API behind the edge.
#[derive(Debug, Clone)]
pub struct Origin {
    upstream: Upstream,
    api_id: String,
    host: HeaderValue,
}

impl Origin {
    /// The REST API `api_id` at the emulator; None when the identifier cannot be part of a host name.
    #[must_use]
    pub fn new(upstream: Upstream, api_id: &str) -> Option<Self> {
        let host =
            HeaderValue::try_from(format!("{api_id}.execute-api.{REGION}.amazonaws.com")).ok()?;
        Some(Self {
            upstream,
            api_id: api_id.to_owned(),
            host,
        })
    }
}

/// The edge as a service for the names of `host`.
pub fn app(origin: Origin, host: LoopbackHost) -> Router {
    Router::new()
        .fallback(forward)
        .with_state(origin)
        .layer(from_fn_with_state(host, LoopbackHost::check))
}

async fn forward(State(origin): State<Origin>, request: Request<Body>) -> Response {
    let asked = request
        .uri()
        .path_and_query()
        .map_or("/", PathAndQuery::as_str);
    let path = format!("/_aws/execute-api/{}/{STAGE}{asked}", origin.api_id);
    let Ok(path) = PathAndQuery::try_from(path) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    match origin.upstream.forward(request, &path, origin.host).await {
        Ok(response) => response,
        Err(unreachable) => unreachable.into_response(),
    }
}
