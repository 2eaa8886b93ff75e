//! Forwarding requests to the emulator, streamed in both directions.

use std::time::Duration;

use axum::body::Body;
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::uri::PathAndQuery;
use axum::http::{Request, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

/// Headers that belong to one connection (RFC 9110 section 7.6.1).
const HOP_BY_HOP: [HeaderName; 7] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// An HTTP server on this machine, reached over pooled connections.
#[derive(Debug, Clone)]
pub struct Upstream {
    client: Client<HttpConnector, Body>,
    port: u16,
}

/// The upstream did not respond.
#[derive(Debug, thiserror::Error)]
#[error("127.0.0.1:{port} did not answer: {cause}")]
pub(crate) struct Unreachable {
    port: u16,
    cause: String,
}

impl IntoResponse for Unreachable {
    fn into_response(self) -> Response {
        let body = serde_json::json!({ "message": self.to_string() }).to_string();
        (
            StatusCode::BAD_GATEWAY,
            [(header::CONTENT_TYPE, "application/json")],
            body,
        )
            .into_response()
    }
}

impl Upstream {
    /// The server on `port` of 127.0.0.1.
    #[must_use]
    pub fn at(port: u16) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true); // each chunk of a stream is small and awaited
        // The emulator closes idle connections after 75 s; using one that is just being closed would fail.
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(Duration::from_secs(30))
            .build(connector);
        Self { client, port }
    }

    /// Forwards the request to `path_and_query` under the name `host` and streams the response back.
    pub(crate) async fn forward(
        &self,
        request: Request<Body>,
        path_and_query: &PathAndQuery,
        host: HeaderValue,
    ) -> Result<Response, Unreachable> {
        let (mut parts, body) = request.into_parts();
        parts.uri = self.uri(path_and_query);
        strip_hop_by_hop(&mut parts.headers);
        parts.headers.insert(header::HOST, host);
        let mut response = self.send(Request::from_parts(parts, body)).await?;
        strip_hop_by_hop(response.headers_mut());
        Ok(response)
    }

    /// Sends a request of our own and collects the response.
    pub(crate) async fn call(
        &self,
        mut request: Request<Body>,
    ) -> Result<Response<Bytes>, Unreachable> {
        if let Some(path_and_query) = request.uri().path_and_query().cloned() {
            *request.uri_mut() = self.uri(&path_and_query);
        }
        let (parts, body) = self.send(request).await?.into_parts();
        let body = body
            .collect()
            .await
            .map_err(|error| self.unreachable(&error))?
            .to_bytes();
        Ok(Response::from_parts(parts, body))
    }

    async fn send(&self, request: Request<Body>) -> Result<Response, Unreachable> {
        self.client
            .request(request)
            .await
            .map(|response| response.map(Body::new))
            .map_err(|error| self.unreachable(&error))
    }

    fn uri(&self, path_and_query: &PathAndQuery) -> Uri {
        let mut parts = axum::http::uri::Parts::default();
        parts.scheme = Some(axum::http::uri::Scheme::HTTP);
        parts.authority = format!("127.0.0.1:{}", self.port).parse().ok();
        parts.path_and_query = Some(path_and_query.clone());
        Uri::from_parts(parts).unwrap_or_default()
    }

    fn unreachable(&self, error: &dyn std::error::Error) -> Unreachable {
        let cause = error
            .source()
            .map_or_else(|| error.to_string(), ToString::to_string);
        Unreachable {
            port: self.port,
            cause,
        }
    }
}

/// Removes connection headers: the fixed list and the headers that `Connection` names.
fn strip_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named.iter().chain(&HOP_BY_HOP) {
        headers.remove(name);
    }
}
