//! One MCP server: its connection, its list of tools, and calls.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::StreamExt;
use rmcp::model::{
    CallToolRequest, CallToolRequestParams, CancelledNotification, CancelledNotificationParam,
    ClientRequest, ServerResult,
};
use rmcp::service::{PeerRequestOptions, ServiceError};
use serde_json::{Map, Value};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::connection::{
    Connect, ConnectError, Listener, McpClient, causes, not_sent, wants_sign_in,
};
use super::result::converted;
use crate::conversation::ToolResult;
use crate::tools::{Progress, Sent, ToolsError};

/// The tools of a server, and why they may be old or missing.
pub(super) type Listed = (Vec<rmcp::model::Tool>, Option<ConnectError>);

/// A list of tools is asked for again after this time, or as soon as the server says that it changed.
const LIST_AGE: Duration = Duration::from_secs(60);

/// A server that does not list its tools within this time has none for the next message.
const LIST_PATIENCE: Duration = Duration::from_secs(30);

/// A server and its connection.
pub(super) struct Server {
    connect: Box<dyn Connect>,
    /// The server learns that this client shows MCP Apps.
    pub(super) shows_apps: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    connection: Option<Connection>,
    tools: Vec<rmcp::model::Tool>,
    listed: Option<Instant>,
}

#[derive(Clone)]
struct Connection {
    client: Arc<McpClient>,
    listener: Listener,
}

impl Server {
    pub(super) fn new(connect: Box<dyn Connect>) -> Self {
        Self {
            connect,
            shows_apps: false,
            state: Mutex::default(),
        }
    }

    pub(super) fn label(&self) -> &str {
        self.connect.label()
    }

    /// The next call makes a new connection.
    pub(super) async fn forget(&self) {
        self.state.lock().await.connection = None;
    }

    async fn connection(&self) -> Result<Connection, ConnectError> {
        let mut state = self.state.lock().await;
        if let Some(connection) = &state.connection
            && !connection.client.is_closed()
            && !connection.client.peer().is_transport_closed()
        {
            return Ok(connection.clone());
        }
        let listener = Listener {
            shows_apps: self.shows_apps,
            ..Listener::default()
        };
        let client = self.connect.connect(listener.clone()).await?;
        let connection = Connection {
            client: Arc::new(client),
            listener,
        };
        state.connection = Some(connection.clone());
        state.listed = None;
        Ok(connection)
    }

    /// The tools of now, or the last known ones with the reason why they may be old.
    pub(super) async fn tools(&self) -> Listed {
        let error = self.list().await.err();
        (self.state.lock().await.tools.clone(), error)
    }

    fn silent(&self, patience: Duration) -> ConnectError {
        ConnectError::Unreachable {
            server: self.connect.label().to_owned(),
            cause: format!("no response within {} s", patience.as_secs()),
        }
    }

    /// The tools of now; none when the server does not respond.
    pub(super) async fn tools_soon(&self) -> Listed {
        match tokio::time::timeout(LIST_PATIENCE, self.tools()).await {
            Ok(tools) => tools,
            Err(_) => (Vec::new(), Some(self.silent(LIST_PATIENCE))),
        }
    }

    async fn list(&self) -> Result<(), ConnectError> {
        let connection = self.connection().await?;
        let changed = connection
            .listener
            .tools_changed
            .swap(false, Ordering::Relaxed);
        let listed = self.state.lock().await.listed;
        if !changed && listed.is_some_and(|listed| listed.elapsed() < LIST_AGE) {
            return Ok(());
        }
        match connection.client.peer().list_all_tools().await {
            Ok(tools) => {
                let mut state = self.state.lock().await;
                state.tools = tools;
                state.listed = Some(Instant::now());
                Ok(())
            }
            Err(error) => {
                self.state.lock().await.connection = None;
                let server = self.connect.label().to_owned();
                if error.auth_challenge().is_some() {
                    return Err(ConnectError::SignIn { server });
                }
                let cause = causes(&error);
                Err(ConnectError::Unreachable { server, cause })
            }
        }
    }

    pub(super) async fn call(
        &self,
        tool: String,
        arguments: Map<String, Value>,
        sent: Sent<'_>,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<ToolResult, ToolsError> {
        let connected = tokio::select! {
            connected = self.connection() => connected,
            () = sent.cancel.cancelled() => {
                return Ok(ToolResult::not_run("The user cancelled the call before it was sent. It was not run."));
            }
            () = tokio::time::sleep(sent.timeout) => Err(self.silent(sent.timeout)),
        };
        let connection = match connected {
            Ok(connection) => connection,
            Err(ConnectError::SignIn { server }) => return Err(ToolsError::SignIn { server }),
            Err(error @ (ConnectError::Unreachable { .. } | ConnectError::Failed(_))) => {
                return Ok(ToolResult::not_run(format!(
                    "{error}. The tool was not run."
                )));
            }
        };
        let params = CallToolRequestParams::new(tool).with_arguments(arguments);
        let request = CallToolRequest::new(params);
        // A tool that reports progress does not hang.
        let options = PeerRequestOptions::with_timeout(sent.timeout).reset_timeout_on_progress();
        let peer = connection.client.peer();
        let handle = peer
            .send_cancellable_request(ClientRequest::CallToolRequest(request), options)
            .await;
        let handle = match handle {
            Ok(handle) => handle,
            Err(error) => return self.failed(error, sent.timeout).await,
        };
        let id = handle.id.clone();
        let mut reports = connection
            .listener
            .progress
            .subscribe(handle.progress_token.clone())
            .await;
        let mut response = std::pin::pin!(handle.await_response());
        let response = loop {
            tokio::select! {
                response = &mut response => break response,
                Some(report) = reports.next() => progress(Progress {
                    done: report.progress,
                    total: report.total,
                    message: report.message,
                }),
                () = sent.cancel.cancelled() => {
                    let reason = Some("the user cancelled the call".to_owned());
                    let params = CancelledNotificationParam::new(Some(id), reason);
                    // The server may be gone: the result is the same.
                    let _ = peer.send_notification(CancelledNotification::new(params).into()).await;
                    return Ok(ToolResult::unknown(
                        "The user cancelled the call while it ran. It may have run; its result is unknown.",
                    ));
                }
            }
        };
        match response {
            Ok(ServerResult::CallToolResult(result)) => Ok(converted(result)),
            Ok(_) => Ok(ToolResult::unknown(
                "The server wants something of its client that this client does not do. The call may have run.",
            )),
            Err(error) => self.failed(error, sent.timeout).await,
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "what is no refusal and no timeout is a lost connection"
    )]
    async fn failed(
        &self,
        error: ServiceError,
        timeout: Duration,
    ) -> Result<ToolResult, ToolsError> {
        let lost = !matches!(
            error,
            ServiceError::McpError(_)
                | ServiceError::Timeout { .. }
                | ServiceError::UnexpectedResponse
        );
        if lost {
            self.state.lock().await.connection = None;
        }
        if wants_sign_in(&error) || error.auth_challenge().is_some() {
            return Err(ToolsError::SignIn {
                server: self.connect.label().to_owned(),
            });
        }
        Ok(match &error {
            // The server's own words; it did not run the tool, or the tool would have a result.
            ServiceError::McpError(error) => {
                ToolResult::error(format!("The server refused the call: {}", error.message))
            }
            ServiceError::Timeout { .. } => ToolResult::unknown(format!(
                "The tool did not respond within {} s. It may have run; its result is unknown.",
                timeout.as_secs_f32()
            )),
            _ if not_sent(&error) => ToolResult::not_run(format!(
                "{} cannot be reached. The tool was not run.",
                self.connect.label()
            )),
            _ => ToolResult::unknown(format!(
                "The connection was lost ({}). The call may have run; its result is unknown.",
                causes(&error)
            )),
        })
    }
}
