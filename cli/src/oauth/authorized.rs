//! An MCP server that this process may call.

use std::sync::Arc;

use rmcp::ClientHandler;
use rmcp::model::ProtocolVersion;
use rmcp::service::{
    ClientInitializeError, ClientLifecycleMode, ClientServiceExt, RoleClient, RunningService,
};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::auth::{AuthClient, AuthorizationManager};
use rmcp::transport::streamable_http_client::{
    StreamableHttpClient, StreamableHttpClientTransportConfig,
};
use url::Url;

use super::error::OAuthError;
use crate::causes::causes;
use crate::tls;

/// An MCP server and what is needed to call it: access tokens that are refreshed, one fixed access token, or nothing.
#[derive(Debug, Clone)]
pub struct Authorized {
    url: Url,
    http: reqwest::Client,
    credentials: Credentials,
    is_person: bool,
}

#[derive(Clone)]
enum Credentials {
    None,
    AccessToken(Arc<str>),
    OAuth(AuthClient<reqwest::Client>),
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::None => "None",
            Self::AccessToken(_) => "AccessToken",
            Self::OAuth(_) => "OAuth",
        })
    }
}

impl Authorized {
    /// With an access token from elsewhere, which is not refreshed.
    #[must_use]
    pub fn with_access_token(url: &Url, access_token: &str) -> Self {
        tls::use_ring();
        Self {
            url: url.clone(),
            http: reqwest::Client::new(),
            credentials: Credentials::AccessToken(access_token.into()),
            is_person: false,
        }
    }

    pub(super) fn open(url: &Url, http: reqwest::Client) -> Self {
        Self {
            url: url.clone(),
            http,
            credentials: Credentials::None,
            is_person: true,
        }
    }

    pub(super) fn with_manager(
        url: &Url,
        http: reqwest::Client,
        manager: AuthorizationManager,
        is_person: bool,
    ) -> Self {
        let client = AuthClient::new(http.clone(), manager);
        Self {
            url: url.clone(),
            http,
            credentials: Credentials::OAuth(client),
            is_person,
        }
    }

    /// The MCP server.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Whether more OAuth scopes can be asked for in the browser.
    #[must_use]
    pub fn is_signed_in_person(&self) -> bool {
        self.is_person
    }

    /// A valid access token, refreshed if necessary; `None` for a server that wants none.
    ///
    /// # Errors
    ///
    /// [`OAuthError::Expired`] when a new sign-in is needed, [`OAuthError::NoAccessToken`] for a refresh that failed.
    pub async fn access_token(&self) -> Result<Option<String>, OAuthError> {
        match &self.credentials {
            Credentials::None => Ok(None),
            Credentials::AccessToken(access_token) => Ok(Some(access_token.to_string())),
            Credentials::OAuth(client) => client
                .get_access_token()
                .await
                .map(Some)
                .map_err(OAuthError::access_token(&self.url)),
        }
    }

    /// A new access token for the refresh token, whether or not the old one is still valid; `None` without a refresh token
    /// to use.
    ///
    /// # Errors
    ///
    /// [`OAuthError::NoAccessToken`] when the refresh was refused.
    pub async fn refresh(&self) -> Result<Option<String>, OAuthError> {
        let Credentials::OAuth(client) = &self.credentials else {
            return Ok(None);
        };
        let refreshed = client.auth_manager.lock().await.refresh_token().await;
        refreshed.map_err(OAuthError::access_token(&self.url))?;
        self.access_token().await
    }

    /// An MCP client of the server, in the newest revision that both know. It refreshes its access token by itself.
    ///
    /// # Errors
    ///
    /// [`OAuthError::Handshake`] when the server does not respond or does not speak MCP.
    pub async fn mcp_client<H: ClientHandler>(
        &self,
        handler: H,
    ) -> Result<RunningService<RoleClient, H>, OAuthError> {
        let connected = match &self.credentials {
            Credentials::None => connect(handler, self.http.clone(), &self.url, None).await,
            Credentials::AccessToken(access_token) => {
                connect(handler, self.http.clone(), &self.url, Some(access_token)).await
            }
            Credentials::OAuth(client) => connect(handler, client.clone(), &self.url, None).await,
        };
        connected.map_err(|error| OAuthError::Handshake {
            url: self.url.clone(),
            cause: causes(&error),
        })
    }
}

async fn connect<H, C>(
    handler: H,
    http: C,
    url: &Url,
    access_token: Option<&str>,
) -> Result<RunningService<RoleClient, H>, ClientInitializeError>
where
    H: ClientHandler,
    C: StreamableHttpClient + Clone + Send + Sync + 'static,
{
    let mut config = StreamableHttpClientTransportConfig::with_uri(url.as_str());
    if let Some(access_token) = access_token {
        config = config.auth_header(access_token);
    }
    let transport = StreamableHttpClientTransport::with_client(http, config);
    let lifecycle = ClientLifecycleMode::Auto {
        preferred_versions: vec![ProtocolVersion::V_2026_07_28],
        legacy_version: None,
    };
    handler.serve_with_lifecycle(transport, lifecycle).await
}
