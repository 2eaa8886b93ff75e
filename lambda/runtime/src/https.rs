//! Makes HTTPS requests, with a time limit and a size limit for each.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use mcp_lambda_contract::HttpUrl;

use crate::client_span::Call;

/// Makes HTTPS requests: each has a time limit and a size limit, redirects are not followed, and
/// plain HTTP is possible for a loopback host only (see [`HttpUrl`]).
///
/// Speaks TLS 1.3, and 1.2 with the feature `tls12`, which is on by default.
///
/// Trusts the Mozilla root certificates that are compiled in, not those of the machine. Connections are reused; a
/// connection that the peer closed while the process was frozen is replaced silently.
#[derive(Clone, Debug)]
pub struct HttpsClient {
    client: HyperClient<Full<Bytes>>,
}

/// Why a document could not be fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FetchError {
    /// The connection failed or broke.
    Unreachable,
    /// No complete response within the time limit.
    TooSlow,
    /// A response with another status than 200.
    Status(StatusCode),
    /// The body is longer than the limit.
    TooLarge,
    /// The body has an unexpected content.
    Nonsense,
    /// The request has a header, path or body that cannot be sent; nothing was sent.
    Malformed,
}

impl fmt::Display for FetchError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FetchError::Unreachable => formatter.write_str("cannot be reached"),
            FetchError::TooSlow => formatter.write_str("did not answer in time"),
            FetchError::Status(status) => {
                write!(formatter, "answered with status {}", status.as_u16())
            }
            FetchError::TooLarge => formatter.write_str("sent more data than expected"),
            FetchError::Nonsense => formatter.write_str("sent something that cannot be understood"),
            FetchError::Malformed => formatter.write_str("was not asked: the request is malformed"),
        }
    }
}

impl std::error::Error for FetchError {}

/// An HTTPS client for request bodies of this type.
pub type HyperClient<B> = Client<HttpsConnector<HttpConnector>, B>;

/// A client without connections, for whole exchanges that [`HttpsClient`] does not have.
#[must_use]
pub fn hyper_client<B>() -> HyperClient<B>
where
    B: http_body::Body + Send,
    B::Data: Send,
{
    // Another crate of the server may enable a second implementation, and rustls then needs an explicit choice. An
    // error means that one has already been installed.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    connector.set_nodelay(true);
    let connector = HttpsConnectorBuilder::new()
        .with_webpki_roots()
        .https_or_http()
        .enable_http1()
        .wrap_connector(connector);
    Client::builder(TokioExecutor::new()).build(connector)
}

impl Default for HttpsClient {
    fn default() -> Self {
        Self::new()
    }
}

impl HttpsClient {
    /// A client without connections; it does not use the network before the first request.
    #[must_use]
    pub fn new() -> Self {
        Self {
            client: hyper_client(),
        }
    }

    /// Fetches one document of at most `limit` bytes within `timeout`, which covers everything from the name lookup to
    /// the last byte.
    ///
    /// # Errors
    ///
    /// [`FetchError`]; it never contains the URL, the headers or the body.
    pub async fn get(
        &self,
        url: &HttpUrl,
        headers: &[(header::HeaderName, &str)],
        limit: usize,
        timeout: Duration,
    ) -> Result<Bytes, FetchError> {
        let mut request = Request::get(url.as_str());
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        // Only a header value with control characters fails here, before anything is sent.
        let request = request
            .body(Full::default())
            .map_err(|_| FetchError::Unreachable)?;
        let exchange = async {
            let response = self.start(request).await?;
            if response.status() != StatusCode::OK {
                return Err(FetchError::Status(response.status()));
            }
            read_body(response.into_body(), limit).await
        };
        trace(url, Method::GET, within(timeout, exchange)).await
    }

    /// Sends one request and returns the status of the response; the body is not read.
    ///
    /// # Errors
    ///
    /// [`FetchError::TooSlow`] and [`FetchError::Unreachable`].
    pub async fn status(
        &self,
        request: Request<Full<Bytes>>,
        timeout: Duration,
    ) -> Result<StatusCode, FetchError> {
        let response = within(timeout, self.start(request)).await?;
        Ok(response.status())
    }

    /// Sends one request and reads a response of any status, of at most `limit` bytes, within `timeout`.
    ///
    /// # Errors
    ///
    /// [`FetchError::TooSlow`], [`FetchError::Unreachable`] and [`FetchError::TooLarge`].
    pub async fn exchange(
        &self,
        request: Request<Full<Bytes>>,
        limit: usize,
        timeout: Duration,
    ) -> Result<Response<Bytes>, FetchError> {
        within(timeout, async {
            let (head, body) = self.start(request).await?.into_parts();
            let body = read_body(body, limit).await?;
            Ok(Response::from_parts(head, body))
        })
        .await
    }

    async fn start(&self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, FetchError> {
        let response = self.client.request(request).await;
        response.map_err(|_| FetchError::Unreachable)
    }
}

/// The result of an exchange; [`FetchError::TooSlow`] when it takes longer.
///
/// # Errors
///
/// Those of the exchange.
pub async fn within<T>(
    timeout: Duration,
    exchange: impl Future<Output = Result<T, FetchError>>,
) -> Result<T, FetchError> {
    tokio::time::timeout(timeout, exchange)
        .await
        .unwrap_or(Err(FetchError::TooSlow))
}

/// Reads a body of at most `limit` bytes.
///
/// # Errors
///
/// [`FetchError::TooLarge`] and [`FetchError::Unreachable`].
pub async fn read_body(body: Incoming, limit: usize) -> Result<Bytes, FetchError> {
    let body = Limited::new(body, limit).collect().await;
    body.map(http_body_util::Collected::to_bytes)
        .map_err(|error| {
            if error.is::<LengthLimitError>() {
                FetchError::TooLarge
            } else {
                FetchError::Unreachable
            }
        })
}

/// A client span of the semantic conventions for HTTP, without the URL, whose path and query may contain anything.
pub(crate) async fn trace<T>(
    url: &HttpUrl,
    method: Method,
    exchange: impl Future<Output = Result<T, FetchError>>,
) -> Result<T, FetchError> {
    let describe = || {
        let authority = url.authority();
        let (host, port) = authority
            .rsplit_once(':')
            .and_then(|(host, port)| Some((host, port.parse::<i64>().ok()?)))
            .map_or((authority, None), |(host, port)| (host, Some(port)));
        let call = Call::new(method.to_string())
            .text("http.request.method", method.to_string())
            .text("server.address", host.to_owned());
        match port {
            Some(port) => call.number("server.port", port),
            None => call,
        }
    };
    let problem = |error: &FetchError| {
        Some(match error {
            FetchError::Unreachable => "unreachable".into(),
            FetchError::TooSlow => "timeout".into(),
            FetchError::Status(status) => status.as_u16().to_string().into(),
            FetchError::TooLarge => "too_large".into(),
            FetchError::Nonsense => "nonsense".into(),
            FetchError::Malformed => "malformed".into(),
        })
    };
    Call::record(describe, exchange, problem).await
}
