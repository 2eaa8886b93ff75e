//! The edge emulates CloudFront on this machine. The root of the URL is the API's stage, bodies are streamed in both
//! directions, and `Host` is the gateway's own (as with CloudFront's managed AllViewerExceptHostHeader policy).
//!
//! It refuses only a foreign `Host`: the API Gateway checks tokens, scopes and throttling, and the function checks
//! `Origin`. It has none of CloudFront's limits (see `docs/live-checks.md`).

mod forward;
mod host;
mod routes;

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};

pub use self::forward::Upstream;
pub use self::host::LoopbackHost;
pub use self::routes::Routes;

/// The API stage at the root.
const STAGE: &str = "prod";
/// The region of the emulator.
pub(crate) const REGION: &str = "us-east-1";

/// The REST APIs behind the edge.
#[derive(Debug, Clone)]
pub struct Origin {
    upstream: Upstream,
    root: RestApi,
    paths: BTreeMap<String, RestApi>,
}

#[derive(Debug, Clone)]
struct RestApi {
    id: String,
    host: HeaderValue,
}

impl RestApi {
    fn new(id: &str) -> Option<Self> {
        let host =
            HeaderValue::try_from(format!("{id}.execute-api.{REGION}.amazonaws.com")).ok()?;
        Some(Self {
            id: id.to_owned(),
            host,
        })
    }
}

impl Origin {
    /// The REST APIs of `routes` at the emulator; None when an identifier cannot be part of a host name.
    #[must_use]
    pub fn new(upstream: Upstream, routes: &Routes) -> Option<Self> {
        let paths = routes.paths.iter();
        Some(Self {
            upstream,
            root: RestApi::new(&routes.root)?,
            paths: paths
                .map(|(path, id)| Some((path.clone(), RestApi::new(id)?)))
                .collect::<Option<_>>()?,
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
    // The whole path counts, as it does in a behaviour of CloudFront that has no wildcard.
    let api = origin
        .paths
        .get(request.uri().path())
        .unwrap_or(&origin.root);
    let path = format!("/_aws/execute-api/{}/{STAGE}{asked}", api.id);
    let Ok(path) = PathAndQuery::try_from(path) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let host = api.host.clone();
    match origin.upstream.forward(request, &path, host).await {
        Ok(response) => response,
        Err(unreachable) => unreachable.into_response(),
    }
}
