//! A server as the agent connects to it.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::BoxFuture;
use mcp_lambda_agent::mcp::{Connect, ConnectError, Listener, McpClient, connect_error};
use rmcp::model::ProtocolVersion;
use rmcp::service::{ClientLifecycleMode, ClientServiceExt};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use url::Url;

use super::client::{Missing, Watching};
use super::known::Known;
use super::tokens::Access;
use crate::network::Network;

/// A server that is called with an access token that can be replaced.
#[derive(Clone)]
pub(crate) struct Connected {
    pub(crate) known: Known,
    network: Network,
    access: Arc<Mutex<Access>>,
    missing: Missing,
}

impl Connected {
    pub(crate) fn new(known: Known, access: Access, network: Network) -> Self {
        Self {
            known,
            network,
            access: Arc::new(Mutex::new(access)),
            missing: Missing::default(),
        }
    }

    /// The next connection is made with this.
    pub(crate) fn replace(&self, access: Access) {
        *self.access.lock().unwrap_or_else(PoisonError::into_inner) = access;
    }

    /// The OAuth scopes that the server found missing.
    pub(crate) fn missing_scopes(&self) -> Vec<String> {
        self.missing.scopes()
    }

    async fn try_connect(&self, listener: Listener) -> Result<McpClient, ConnectError> {
        let access = {
            let access = self.access.lock().unwrap_or_else(PoisonError::into_inner);
            access.clone()
        };
        let label = self.known.label.as_str();
        let unreachable = |cause: String| ConnectError::Unreachable {
            server: label.to_owned(),
            cause,
        };
        let mut config =
            StreamableHttpClientTransportConfig::with_uri(self.known.entry.url.as_str());
        match access {
            Access::Token(token) => config = config.auth_header(token),
            Access::None => {}
            Access::Expired => {
                let server = label.to_owned();
                return Err(ConnectError::SignIn { server });
            }
            Access::Failed(cause) => return Err(unreachable(cause)),
        }
        let url =
            Url::parse(&self.known.entry.url).map_err(|error| unreachable(error.to_string()))?;
        let public = self.network.check(&url);
        public.map_err(|error| unreachable(error.to_string()))?;
        let client = Watching {
            client: self.network.client().map_err(unreachable)?,
            missing: self.missing.clone(),
        };
        let transport = StreamableHttpClientTransport::with_client(client, config);
        let lifecycle = ClientLifecycleMode::Auto {
            preferred_versions: vec![ProtocolVersion::V_2026_07_28],
            legacy_version: None,
        };
        listener
            .serve_with_lifecycle(transport, lifecycle)
            .await
            .map_err(|error| connect_error(label, &error))
    }
}

impl Connect for Connected {
    fn label(&self) -> &str {
        &self.known.label
    }

    fn connect(&self, listener: Listener) -> BoxFuture<'_, Result<McpClient, ConnectError>> {
        Box::pin(self.try_connect(listener))
    }
}
