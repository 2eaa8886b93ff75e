//! HTTPS towards Cognito and Secrets Manager: hyper on rustls with ring and the Mozilla roots.

use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};

use crate::capability::{BoxFuture, CognitoTransport, TransportFailure};

/// One exchange with AWS, all of it.
const DEADLINE: Duration = Duration::from_secs(10);
/// Tokens are a few kilobytes.
const MAX_BODY: usize = 64 * 1024;

/// A pooled client that follows no redirect. Plain `http` is possible, but the settings accept it for loopback only.
pub struct HttpsTransport(Client<HttpsConnector<HttpConnector>, Full<Bytes>>);

impl HttpsTransport {
    /// Builds the client; no connection is opened.
    ///
    /// # Errors
    /// If ring does not offer TLS 1.2 or 1.3, which it does.
    pub fn new() -> Result<Self, rustls::Error> {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.enforce_http(false);
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())?
            .https_or_http()
            .enable_http1()
            .wrap_connector(connector);
        Ok(Self(Client::builder(TokioExecutor::new()).build(connector)))
    }
}

impl CognitoTransport for HttpsTransport {
    fn send(
        &self,
        request: http::Request<Vec<u8>>,
    ) -> BoxFuture<'_, Result<http::Response<Vec<u8>>, TransportFailure>> {
        let request = request.map(|body| Full::new(Bytes::from(body)));
        Box::pin(async move {
            let exchange = async {
                let (head, body) = self
                    .0
                    .request(request)
                    .await
                    .map_err(|_| TransportFailure::Unreachable)?
                    .into_parts();
                Ok(http::Response::from_parts(
                    head,
                    read(body, MAX_BODY).await?,
                ))
            };
            tokio::time::timeout(DEADLINE, exchange)
                .await
                .unwrap_or(Err(TransportFailure::TimedOut))
        })
    }
}

/// Reads a body up to a limit.
pub(super) async fn read(
    body: hyper::body::Incoming,
    limit: usize,
) -> Result<Vec<u8>, TransportFailure> {
    match Limited::new(body, limit).collect().await {
        Ok(body) => Ok(body.to_bytes().into()),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => {
            Err(TransportFailure::TooLarge)
        }
        Err(_) => Err(TransportFailure::Unreachable),
    }
}
