//! Asks an MCP server whether it wants an access token, and finds its authorization server.

use std::net::IpAddr;

use reqwest::header::{ACCEPT, CONTENT_TYPE, WWW_AUTHENTICATE};
use rmcp::transport::auth::{
    AuthorizationManager, AuthorizationMetadataSource, WWWAuthenticateParams,
};
use url::{Host, Url};

use super::error::OAuthError;
use crate::causes::causes;

/// What a request without an access token gets.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// Anyone may call the server.
    Open,
    /// 401, with this `WWW-Authenticate`.
    Protected { challenge: Option<String> },
}

/// Sends a request without an access token.
pub(super) async fn probe(http: &reqwest::Client, url: &Url) -> Result<Access, OAuthError> {
    let response = http
        .post(url.clone())
        .header(CONTENT_TYPE, "application/json")
        .header(ACCEPT, "application/json, text/event-stream")
        .body(r#"{"jsonrpc":"2.0","id":0,"method":"ping"}"#)
        .send()
        .await
        .map_err(|error| OAuthError::Unreachable {
            url: url.clone(),
            cause: causes(&error.without_url()),
        })?;
    if response.status() != reqwest::StatusCode::UNAUTHORIZED {
        return Ok(Access::Open);
    }
    let challenge = response
        .headers()
        .get_all(WWW_AUTHENTICATE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .find(|value| value.to_ascii_lowercase().starts_with("bearer"))
        .map(str::to_owned);
    Ok(Access::Protected { challenge })
}

/// A manager for the server, without metadata.
pub(super) async fn manager(url: &Url) -> Result<AuthorizationManager, OAuthError> {
    let made = if is_private(url).await {
        AuthorizationManager::new_allowing_private_addresses(url.clone()).await
    } else {
        AuthorizationManager::new(url.clone()).await
    };
    made.map_err(OAuthError::metadata(url))
}

/// Gives the manager the metadata of the authorization server.
pub(super) async fn discover(
    manager: &mut AuthorizationManager,
    url: &Url,
    challenge: Option<&str>,
) -> Result<(), OAuthError> {
    let found = manager
        .resolve_metadata_from_challenge(challenge)
        .await
        .map_err(OAuthError::metadata(url))?;
    if found.source == AuthorizationMetadataSource::LegacyEndpointFallback {
        return Err(OAuthError::NoMetadata { url: url.clone() });
    }
    manager.set_metadata(found.metadata);
    Ok(())
}

/// Whether the server is in a private network: its authorization server may then be there as well. A server on the
/// internet must not send requests of this machine into one.
async fn is_private(url: &Url) -> bool {
    let port = url.port_or_known_default().unwrap_or(443);
    let addresses: Vec<IpAddr> = match url.host() {
        Some(Host::Ipv4(address)) => vec![address.into()],
        Some(Host::Ipv6(address)) => vec![address.into()],
        Some(Host::Domain(name)) => tokio::net::lookup_host((name, port))
            .await
            .map(|found| found.map(|address| address.ip()).collect())
            .unwrap_or_default(),
        None => Vec::new(),
    };
    !addresses.is_empty()
        && addresses.iter().all(|address| match address {
            IpAddr::V4(address) => address.is_private(),
            IpAddr::V6(address) => address.is_unique_local(),
        })
}

/// The OAuth scopes that a `WWW-Authenticate` header asks for.
#[must_use]
pub fn scopes_of_challenge(challenge: &str, url: &Url) -> Vec<String> {
    WWWAuthenticateParams::parse(challenge, url)
        .scope
        .map(|scope| scope.split_whitespace().map(str::to_owned).collect())
        .unwrap_or_default()
}
