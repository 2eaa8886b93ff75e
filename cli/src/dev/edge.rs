//! The edge emulates CloudFront on this machine, and the load balancers behind it. The root of the URL is the API's stage, bodies are streamed in both
//! directions, and `Host` is the gateway's own (as with CloudFront's managed AllViewerExceptHostHeader policy).
//!
//! It refuses only a foreign `Host`: the API Gateway checks tokens, scopes and throttling, and the function checks
//! `Origin`. It has none of CloudFront's limits (see `docs/live-checks.md`).

mod browser;
mod forward;
mod host;
mod pool;

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};

pub use self::forward::Upstream;
pub use self::host::LoopbackHost;
pub use self::pool::Pool;
use super::log::{EdgeRequest, Log};

/// The API stage at the root.
const STAGE: &str = "prod";
/// Of a response that a function made itself (`gateway_patches.py`).
const RESPONDED: &str = "x-mcp-lambda-function";

/// The API of every path. It ignores methods: the API Gateway checks them.
#[derive(Debug, Clone, Default)]
pub struct Routes {
    /// The API for all other paths.
    pub root: String,
    /// Paths of the other APIs, whole and without a pattern, with the physical ids of their APIs.
    pub paths: BTreeMap<String, String>,
    /// Whether browsers that open an MCP endpoint are redirected to the root.
    pub has_page: bool,
    /// Paths of services, likewise, with their processes.
    pub services: BTreeMap<String, Pool>,
}

/// The REST APIs behind the edge. Clones share them.
#[derive(Debug, Clone)]
pub struct Origin {
    upstream: Upstream,
    region: String,
    apis: Arc<RwLock<Apis>>,
    log: Option<Log>,
}

#[derive(Debug, Clone)]
struct Apis {
    root: RestApi,
    paths: BTreeMap<String, RestApi>,
    has_page: bool,
    services: BTreeMap<String, Pool>,
}

#[derive(Debug, Clone)]
struct RestApi {
    id: String,
    host: HeaderValue,
}

impl RestApi {
    fn new(id: &str, region: &str) -> Option<Self> {
        let host =
            HeaderValue::try_from(format!("{id}.execute-api.{region}.amazonaws.com")).ok()?;
        Some(Self {
            id: id.to_owned(),
            host,
        })
    }
}

impl Apis {
    fn new(routes: &Routes, region: &str) -> Option<Self> {
        let paths = routes.paths.iter();
        Some(Self {
            root: RestApi::new(&routes.root, region)?,
            paths: paths
                .map(|(path, id)| Some((path.clone(), RestApi::new(id, region)?)))
                .collect::<Option<_>>()?,
            has_page: routes.has_page,
            services: routes.services.clone(),
        })
    }
}

impl Origin {
    /// The REST APIs of `routes` at the emulator; None when an identifier cannot be part of a host name.
    #[must_use]
    pub fn new(upstream: Upstream, region: &str, routes: &Routes) -> Option<Self> {
        Some(Self {
            upstream,
            region: region.to_owned(),
            apis: Arc::new(RwLock::new(Apis::new(routes, region)?)),
            log: None,
        })
    }

    /// The same; `log` gets each request that no function writes a line about.
    pub(crate) fn with_log(mut self, log: Log) -> Self {
        self.log = Some(log);
        self
    }

    /// Sends the requests that follow to the REST APIs of `routes`.
    pub(crate) fn lead_to(&self, routes: &Routes) {
        if let Some(apis) = Apis::new(routes, &self.region) {
            *self.apis.write().unwrap_or_else(PoisonError::into_inner) = apis;
        }
    }

    fn has_page(&self) -> bool {
        let apis = self.apis.read().unwrap_or_else(PoisonError::into_inner);
        apis.has_page
    }

    fn service(&self, path: &str) -> Option<Pool> {
        let apis = self.apis.read().unwrap_or_else(PoisonError::into_inner);
        apis.services.get(path).cloned()
    }

    fn api(&self, path: &str) -> RestApi {
        let apis = self.apis.read().unwrap_or_else(PoisonError::into_inner);
        // The whole path counts, as it does in a behaviour of CloudFront that has no wildcard.
        apis.paths.get(path).unwrap_or(&apis.root).clone()
    }
}

/// The edge as a service for the names of `host`.
pub fn app(origin: Origin, host: LoopbackHost) -> Router {
    Router::new()
        .fallback(forward)
        .with_state(origin)
        .layer(from_fn_with_state(host, LoopbackHost::check))
}

/// Forwards the request to the process whose turn it is, under the name that the client knows: one of those that a service accepts.
async fn to_service(pool: &Pool, request: Request<Body>) -> Response {
    let path = request.uri().path_and_query().cloned();
    let path = path.unwrap_or_else(|| PathAndQuery::from_static("/"));
    let host = request.headers().get(header::HOST).cloned();
    let (Some(upstream), Some(host)) = (pool.next(), host) else {
        // What a load balancer without a healthy target responds.
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    match upstream.forward(request, &path, host).await {
        Ok(response) => response,
        Err(unreachable) => unreachable.into_response(),
    }
}

/// Forwards the request to its REST API.
async fn to_api(origin: &Origin, request: Request<Body>) -> Response {
    let asked = request
        .uri()
        .path_and_query()
        .map_or("/", PathAndQuery::as_str);
    let RestApi { id, host } = origin.api(request.uri().path());
    let Ok(path) = PathAndQuery::try_from(format!("/_aws/execute-api/{id}/{STAGE}{asked}")) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    match origin.upstream.forward(request, &path, host).await {
        Ok(response) => response,
        Err(unreachable) => unreachable.into_response(),
    }
}

async fn forward(State(origin): State<Origin>, request: Request<Body>) -> Response {
    let started = Instant::now();
    let described = Described::of(&request);
    let redirect = origin.has_page().then(|| browser::redirect(&request));
    let mut response = if let Some(redirect) = redirect.flatten() {
        redirect
    } else if let Some(pool) = origin.service(request.uri().path()) {
        // The process writes a line about each request.
        return to_service(&pool, request).await;
    } else {
        to_api(&origin, request).await
    };
    let has_line = response.headers_mut().remove(RESPONDED).is_some();
    if let Some(log) = origin.log.as_ref().filter(|_| !has_line) {
        log.edge(&EdgeRequest {
            method: described.method.as_str(),
            path: &described.path,
            status: response.status(),
            has_token: described.has_token,
            duration: started.elapsed(),
        });
    }
    response
}

/// What the log says about a request.
struct Described {
    method: Method,
    path: String,
    has_token: bool,
}

impl Described {
    fn of(request: &Request<Body>) -> Self {
        let headers: &HeaderMap = request.headers();
        Self {
            method: request.method().clone(),
            path: request.uri().path().to_owned(),
            has_token: headers.contains_key(header::AUTHORIZATION),
        }
    }
}
