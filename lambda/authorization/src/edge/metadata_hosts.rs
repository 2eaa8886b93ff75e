//! Fetches a client's metadata document over TLS from exactly the address that the core has checked.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use http::{Method, Request, header};
use http_body_util::Empty;
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName},
};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;
use url::Url;

use mcp_lambda_runtime::https::read_body;

use crate::capability::{BoxFuture, FetchLimits, MetadataHosts, TransportFailure};

const RESOLUTION: Duration = Duration::from_secs(2);

/// Resolves with the system, connects to the given address, verifies the certificate for the URL's host.
pub struct PinnedHosts(TlsConnector);

impl PinnedHosts {
    /// `extra_root` is a certificate (DER) that the local stack's substitute hosts present or chain to.
    ///
    /// # Errors
    /// If that certificate cannot be read.
    pub fn new(extra_root: Option<Vec<u8>>) -> Result<Self, rustls::Error> {
        let mut roots = RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
        if let Some(certificate) = extra_root {
            roots.add(CertificateDer::from(certificate))?;
        }
        let mut config =
            ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()?
                .with_root_certificates(roots)
                .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self(TlsConnector::from(Arc::new(config))))
    }

    async fn exchange(
        &self,
        url: &Url,
        address: SocketAddr,
        max_bytes: usize,
    ) -> Result<http::Response<Vec<u8>>, TransportFailure> {
        let unreachable = TransportFailure::Unreachable;
        let host = url.host_str().ok_or(unreachable)?.to_owned();
        let name = ServerName::try_from(host.clone()).map_err(|_| unreachable)?;
        let stream = TcpStream::connect(address).await.map_err(|_| unreachable)?;
        let stream = self
            .0
            .connect(name, stream)
            .await
            .map_err(|_| unreachable)?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|_| unreachable)?;
        let request = Request::builder()
            .method(Method::GET)
            .uri(url.path())
            .header(header::HOST, host)
            .header(header::ACCEPT, "application/json")
            .header(header::ACCEPT_ENCODING, "identity")
            .header(header::USER_AGENT, "mcp-lambda-authorization")
            .body(Empty::<Bytes>::new())
            .map_err(|_| unreachable)?;
        // Driven beside the exchange instead of spawned, so that dropping this future also drops the connection.
        let exchange = async {
            let (head, body) = sender
                .send_request(request)
                .await
                .map_err(|_| unreachable)?
                .into_parts();
            let body = read_body(body, max_bytes).await?;
            Ok(http::Response::from_parts(head, body.into()))
        };
        tokio::pin!(connection);
        tokio::pin!(exchange);
        tokio::select! {
            answer = &mut exchange => answer,
            // The peer may close right after the last byte: the response is then already complete.
            _ = &mut connection => exchange.await,
        }
    }
}

impl MetadataHosts for PinnedHosts {
    fn resolve<'a>(
        &'a self,
        host: &'a str,
    ) -> BoxFuture<'a, Result<Vec<IpAddr>, TransportFailure>> {
        Box::pin(async move {
            match tokio::time::timeout(RESOLUTION, lookup_host((host, 443))).await {
                Ok(Ok(addresses)) => Ok(addresses.map(|address| address.ip()).collect()),
                Ok(Err(_)) => Err(TransportFailure::Unreachable),
                Err(_) => Err(TransportFailure::TimedOut),
            }
        })
    }

    fn get<'a>(
        &'a self,
        url: &'a Url,
        address: SocketAddr,
        limits: FetchLimits,
    ) -> BoxFuture<'a, Result<http::Response<Vec<u8>>, TransportFailure>> {
        Box::pin(async move {
            tokio::time::timeout(
                limits.deadline,
                self.exchange(url, address, limits.max_bytes),
            )
            .await
            .unwrap_or(Err(TransportFailure::TimedOut))
        })
    }
}
