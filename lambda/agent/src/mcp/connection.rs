//! Connections to MCP servers, and what the servers say unasked.

use std::collections::HashMap;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::BoxFuture;
use mcp_lambda_contract::{APP_MEDIA_TYPE, UI_EXTENSION};
use rmcp::handler::client::progress::ProgressDispatcher;
use rmcp::model::{
    ClientConfig, Implementation, JsonObject, ProgressNotificationParam, ProtocolVersion,
};
use rmcp::service::{
    ClientInitializeError, ClientLifecycleMode, ClientServiceExt, NotificationContext,
    RunningService,
};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::{
    AuthRequiredError, InsufficientScopeError, StreamableHttpClientTransportConfig,
};
use rmcp::{ClientHandler, RoleClient};
use serde_json::json;

/// A connected MCP client.
pub type McpClient = RunningService<RoleClient, Listener>;

/// Hears what a server says unasked: that its tools changed, and how far a call is.
#[derive(Clone, Debug, Default)]
pub struct Listener {
    pub(super) tools_changed: Arc<AtomicBool>,
    pub(super) progress: ProgressDispatcher,
    pub(super) shows_apps: bool,
}

impl Listener {
    /// One that says to the server that MCP Apps are shown.
    #[must_use]
    pub fn showing_apps() -> Self {
        Self {
            shows_apps: true,
            ..Self::default()
        }
    }
}

impl ClientHandler for Listener {
    fn get_info(&self) -> ClientConfig {
        let mut config = ClientConfig::default();
        config.client_info = Implementation::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
        if self.shows_apps {
            let types = json!([APP_MEDIA_TYPE]);
            let settings = JsonObject::from_iter([("mimeTypes".to_owned(), types)]);
            let extensions = config.capabilities.extensions.get_or_insert_default();
            extensions.insert(UI_EXTENSION.to_owned(), settings);
        }
        config
    }

    async fn on_tool_list_changed(&self, _: NotificationContext<RoleClient>) {
        self.tools_changed.store(true, Ordering::Relaxed);
    }

    async fn on_progress(
        &self,
        progress: ProgressNotificationParam,
        _: NotificationContext<RoleClient>,
    ) {
        self.progress.handle_notification(progress).await;
    }
}

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// The server wants the person to sign in (again).
    #[error("{server} refuses the access token; sign in again")]
    SignIn {
        /// The server.
        server: String,
    },
    /// The server does not respond, or does not speak MCP.
    #[error("{server} cannot be reached: {cause}; check the URL")]
    Unreachable {
        /// The server.
        server: String,
        /// Why.
        cause: String,
    },
    /// The connection failed; the message is that of [`Connect`].
    #[error("{0}")]
    Failed(String),
}

/// How a server is connected to, again after a lost connection.
pub trait Connect: Send + Sync {
    /// A short name of the server, unique in the conversation: it is the beginning of its tools' names.
    fn label(&self) -> &str;

    /// Connects.
    fn connect(&self, listener: Listener) -> BoxFuture<'_, Result<McpClient, ConnectError>>;
}

/// A server that is called with one access token, or with none.
#[derive(Clone)]
pub struct HttpServer {
    label: String,
    url: String,
    access_token: Option<String>,
    http: reqwest::Client,
}

impl std::fmt::Debug for HttpServer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = formatter.debug_struct("HttpServer");
        shown.field("label", &self.label).field("url", &self.url);
        shown.finish_non_exhaustive()
    }
}

impl HttpServer {
    /// The server at `url`.
    pub fn new(
        label: impl Into<String>,
        url: impl Into<String>,
        access_token: Option<String>,
        http: reqwest::Client,
    ) -> Self {
        Self {
            label: label.into(),
            url: url.into(),
            access_token,
            http,
        }
    }
}

impl Connect for HttpServer {
    fn label(&self) -> &str {
        &self.label
    }

    fn connect(&self, listener: Listener) -> BoxFuture<'_, Result<McpClient, ConnectError>> {
        Box::pin(async move {
            let mut config = StreamableHttpClientTransportConfig::with_uri(self.url.as_str());
            if let Some(access_token) = &self.access_token {
                config = config.auth_header(access_token);
            }
            let transport = StreamableHttpClientTransport::with_client(self.http.clone(), config);
            let lifecycle = ClientLifecycleMode::Auto {
                preferred_versions: vec![ProtocolVersion::V_2026_07_28],
                legacy_version: None,
            };
            listener
                .serve_with_lifecycle(transport, lifecycle)
                .await
                .map_err(|error| connect_error(&self.label, &error))
        })
    }
}

/// What a failed handshake means to the person.
#[must_use]
pub fn connect_error(server: &str, error: &ClientInitializeError) -> ConnectError {
    let server = server.to_owned();
    if wants_sign_in(error) {
        return ConnectError::SignIn { server };
    }
    ConnectError::Unreachable {
        server,
        cause: causes(error),
    }
}

/// Whether the server responded 401 or 403 with a challenge.
pub(super) fn wants_sign_in(error: &(dyn Error + 'static)) -> bool {
    sources(error).any(|cause| {
        cause.is::<AuthRequiredError>()
            || cause.is::<InsufficientScopeError>()
            || matches!(
                cause.downcast_ref::<ClientInitializeError>(),
                Some(ClientInitializeError::TransportError { error, .. }) if wants_sign_in(error.error.as_ref())
            )
            || matches!(
                cause.downcast_ref::<ClientInitializeError>(),
                Some(ClientInitializeError::LegacyFallbackFailed { discover, fallback })
                    if wants_sign_in(discover.as_ref()) || wants_sign_in(fallback.as_ref())
            )
    })
}

/// Whether no connection was made, so that nothing was sent.
pub(super) fn not_sent(error: &(dyn Error + 'static)) -> bool {
    sources(error).any(|cause| {
        cause
            .downcast_ref::<reqwest::Error>()
            .is_some_and(reqwest::Error::is_connect)
    })
}

/// An error and what caused it, in one line without repetition.
pub(super) fn causes(error: &(dyn Error + 'static)) -> String {
    let mut line = String::new();
    for cause in sources(error) {
        let cause = cause.to_string();
        if !line.contains(&cause) {
            if !line.is_empty() {
                line.push_str(": ");
            }
            line.push_str(&cause);
        }
    }
    line
}

fn sources<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let error = next?;
        next = error.source();
        Some(error)
    })
}

/// Labels for servers: the first part of each host or the path, made unique by a number.
#[must_use]
pub fn labels(urls: &[&str]) -> Vec<String> {
    let mut used: HashMap<String, usize> = HashMap::new();
    urls.iter()
        .map(|url| {
            let label = label(url);
            let count = used.entry(label.clone()).or_insert(0);
            *count += 1;
            match *count {
                1 => label,
                number => format!("{label}{number}"),
            }
        })
        .collect()
}

/// `orders` of `https://example.com/orders/mcp` and of `https://orders.example.com/mcp`.
fn label(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let named = path
        .split('/')
        .find(|part| !part.is_empty() && !part.eq_ignore_ascii_case("mcp"));
    let host = host.split(':').next().unwrap_or(host);
    let host = match host.split('.').next() {
        // An address has no name.
        Some(first) if first.parse::<u8>().is_err() && first != "localhost" => first,
        _ => "server",
    };
    let label: String = named
        .unwrap_or(host)
        .chars()
        .map(|character| match character {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '-' => character,
            _ => '-',
        })
        .take(24)
        .collect();
    if label.is_empty() {
        "server".into()
    } else {
        label
    }
}
