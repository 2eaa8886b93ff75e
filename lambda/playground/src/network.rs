//! The HTTP client towards MCP servers and authorization servers: public addresses alone, no redirects.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use mcp_lambda_runtime::public_address::is_public;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use rmcp::transport::auth::{
    OAuthHttpClient, OAuthHttpClientError, OAuthHttpClientFuture, OAuthHttpRequest,
};
use rustls::{ClientConfig, RootCertStore};
use url::{Host, Url};

const CONNECTING: Duration = Duration::from_secs(5);
/// One exchange with an authorization server, all of it.
const EXCHANGE: Duration = Duration::from_secs(10);
/// Metadata and tokens are a few kilobytes.
const MAX_BODY: usize = 256 * 1024;

/// Why an address is not called.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    /// Loopback, a private network, link-local with the metadata service, or another special address.
    #[error("{0} is not on the internet: servers in private networks are not called")]
    NotPublic(String),
    /// The scheme.
    #[error("{0} is no https URL")]
    NotHttps(String),
    /// The response.
    #[error("the response is larger than {MAX_BODY} bytes")]
    TooLarge,
    /// The response.
    #[error("there was no response within {} s", EXCHANGE.as_secs())]
    TooSlow,
}

/// Makes the client when it is first needed.
#[derive(Clone)]
pub(crate) struct Network {
    allow_private: bool,
    client: Arc<OnceLock<Result<reqwest::Client, String>>>,
}

impl Network {
    /// Uses no network yet.
    pub(crate) fn new(allow_private: bool) -> Self {
        Self {
            allow_private,
            client: Arc::default(),
        }
    }

    /// The client. It resolves names by itself, checks every address, and connects to the address that it has checked.
    pub(crate) fn client(&self) -> Result<reqwest::Client, String> {
        let made = self.client.get_or_init(|| {
            let builder = reqwest::Client::builder()
                .tls_backend_preconfigured(tls().map_err(|error| error.to_string())?)
                .redirect(reqwest::redirect::Policy::none())
                .connect_timeout(CONNECTING)
                .tcp_nodelay(true)
                .no_proxy()
                .user_agent(concat!("mcp-lambda-playground/", env!("CARGO_PKG_VERSION")));
            let builder = if self.allow_private {
                builder
            } else {
                builder.dns_resolver(Arc::new(PublicNames))
            };
            builder.build().map_err(|error| error.to_string())
        });
        made.clone()
    }

    /// Checks what needs no name resolution: the scheme, and an address instead of a name.
    pub(crate) fn check(&self, url: &Url) -> Result<(), Refused> {
        if self.allow_private {
            return Ok(());
        }
        if url.scheme() != "https" {
            return Err(Refused::NotHttps(url.to_string()));
        }
        let literal: Option<IpAddr> = match url.host() {
            Some(Host::Ipv4(address)) => Some(address.into()),
            Some(Host::Ipv6(address)) => Some(address.into()),
            Some(Host::Domain(_)) | None => None,
        };
        match literal {
            Some(address) if !is_public(address) => Err(Refused::NotPublic(address.to_string())),
            Some(_) | None => Ok(()),
        }
    }

    /// Checks the URL, and that its name has public addresses.
    pub(crate) async fn check_name(&self, url: &Url) -> Result<(), Refused> {
        self.check(url)?;
        let (false, Some(Host::Domain(name))) = (self.allow_private, url.host()) else {
            return Ok(());
        };
        let not_public = |_| Refused::NotPublic(name.to_owned());
        public_addresses(name.to_owned())
            .await
            .map(drop)
            .map_err(not_public)
    }
}

/// Mozilla's roots are compiled in: nothing is read from the machine, and ring is there already.
fn tls() -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

/// Resolves to public addresses, or not at all.
struct PublicNames;

impl Resolve for PublicNames {
    fn resolve(&self, name: Name) -> Resolving {
        let name = name.as_str().to_owned();
        Box::pin(async move {
            let addresses = public_addresses(name).await?;
            let addresses: Addrs =
                Box::new(addresses.into_iter().map(|address| (address, 0).into()));
            Ok(addresses)
        })
    }
}

/// One private address among public ones is how a rebinding name looks.
async fn public_addresses(
    name: String,
) -> Result<Vec<IpAddr>, Box<dyn std::error::Error + Send + Sync>> {
    let found = tokio::net::lookup_host((name.as_str(), 443)).await?;
    let found: Vec<IpAddr> = found.map(|address| address.ip()).collect();
    if found.is_empty() || !found.iter().all(|address| is_public(*address)) {
        return Err(Box::new(Refused::NotPublic(name)));
    }
    Ok(found)
}

/// Every request of rmcp's OAuth. A redirect is a response: it is not followed.
impl OAuthHttpClient for Network {
    fn execute(&self, request: OAuthHttpRequest) -> OAuthHttpClientFuture<'_> {
        Box::pin(async move {
            let exchange = self.exchange(request);
            let response = tokio::time::timeout(EXCHANGE, exchange).await;
            response.unwrap_or_else(|_| Err(Box::new(Refused::TooSlow)))
        })
    }
}

impl Network {
    async fn exchange(
        &self,
        request: OAuthHttpRequest,
    ) -> Result<http::Response<Vec<u8>>, OAuthHttpClientError> {
        let request = reqwest::Request::try_from(request.request)?;
        self.check(request.url())?;
        let mut response = self.client()?.execute(request).await?;
        let mut built = http::Response::new(Vec::new());
        *built.status_mut() = response.status();
        *built.headers_mut() = response.headers().clone();
        while let Some(chunk) = response.chunk().await? {
            if built.body().len() + chunk.len() > MAX_BODY {
                return Err(Box::new(Refused::TooLarge));
            }
            built.body_mut().extend_from_slice(&chunk);
        }
        Ok(built)
    }
}
