//! The servers of a chat, and signing in to them.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use mcp_lambda_agent::mcp::{Connect, ConnectError, Listener, McpClient};
use tokio::sync::Mutex;

use crate::causes::causes;
use crate::oauth::{Authorized, OAuthError};

/// Makes a server callable: with stored tokens, in the browser, or as a program.
pub type SignIn = Box<dyn Fn() -> BoxFuture<'static, Result<Authorized, String>> + Send + Sync>;

/// A server of a chat.
pub struct Server {
    label: String,
    url: String,
    sign_in: SignIn,
    authorized: Mutex<Option<Authorized>>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = formatter.debug_struct("Server");
        shown.field("label", &self.label).field("url", &self.url);
        shown.finish_non_exhaustive()
    }
}

impl Server {
    /// The server at `url`; `label` is the beginning of its tools' names.
    #[must_use]
    pub fn new(label: String, url: String, sign_in: SignIn) -> Arc<Self> {
        Arc::new(Self {
            label,
            url,
            sign_in,
            authorized: Mutex::default(),
        })
    }

    /// The beginning of its tools' names.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Signs in again.
    ///
    /// # Errors
    ///
    /// [`ConnectError::Failed`] with the reason.
    pub async fn sign_in_again(&self) -> Result<(), ConnectError> {
        *self.authorized.lock().await = None;
        self.authorized().await.map(drop)
    }

    async fn authorized(&self) -> Result<Authorized, ConnectError> {
        let mut known = self.authorized.lock().await;
        if let Some(authorized) = &*known {
            return Ok(authorized.clone());
        }
        let authorized = (self.sign_in)().await.map_err(ConnectError::Failed)?;
        *known = Some(authorized.clone());
        Ok(authorized)
    }

    fn failed(&self, error: &OAuthError) -> ConnectError {
        let cause = causes(error);
        let words = cause.to_lowercase();
        let refused = matches!(error, OAuthError::Expired { .. })
            || words.contains("auth required")
            || words.contains("authorization required");
        if refused {
            return ConnectError::SignIn {
                server: self.label.clone(),
            };
        }
        ConnectError::Failed(error.to_string())
    }
}

/// The servers as the agent connects to them.
#[must_use]
pub fn connected(servers: &[Arc<Server>]) -> Vec<Box<dyn Connect>> {
    let servers = servers.iter().cloned();
    servers
        .map(|server| Box::new(Connected(server)) as Box<dyn Connect>)
        .collect()
}

struct Connected(Arc<Server>);

impl Connect for Connected {
    fn label(&self) -> &str {
        &self.0.label
    }

    fn connect(&self, listener: Listener) -> BoxFuture<'_, Result<McpClient, ConnectError>> {
        Box::pin(async move {
            let authorized = self.0.authorized().await?;
            let client = authorized.mcp_client(listener).await;
            client.map_err(|error| self.0.failed(&error))
        })
    }
}
