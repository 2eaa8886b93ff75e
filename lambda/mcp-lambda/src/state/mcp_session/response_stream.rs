//! Defines [`ResponseStream`], with which a tool closes its response early and keeps running.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// The event stream that carries the response to a call. A tool takes it as an argument
/// ([`Definition::resumable_streams`](crate::Definition::resumable_streams)).
///
/// ```no_run
/// # use std::time::Duration;
/// # use mcp_lambda::{ToolPolicy, ResponseStream};
/// # use rmcp::{tool, tool_router};
/// # struct Kitchen;
/// # #[tool_router]
/// # impl Kitchen {
/// /// Bakes for ten minutes. The client need not stay connected.
/// #[tool(meta = ToolPolicy::scopes(&["bake"]).meta())]
/// async fn bake(&self, stream: ResponseStream) -> String {
///     stream.close();
///     tokio::time::sleep(Duration::from_secs(600)).await;
///     "baked".to_owned()
/// }
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct ResponseStream(Option<Arc<Closing>>);

/// Whether the response must be closed, and the notification of its waiter.
#[derive(Debug, Default)]
pub(crate) struct Closing {
    is_wanted: AtomicBool,
    wanted: Notify,
}

impl Closing {
    /// Waits until the tool closes the response.
    pub(crate) async fn wanted(&self) {
        while !self.is_wanted.load(Ordering::Acquire) {
            self.wanted.notified().await;
        }
    }
}

impl ResponseStream {
    pub(crate) fn new(closing: Arc<Closing>) -> Self {
        Self(Some(closing))
    }

    /// Closes the response while the tool continues; the client reconnects for the rest. Use it in long-running tools
    /// when a proxy cuts off long responses, or when a client should not keep a connection open. On Lambda the
    /// invocation continues, and is billed, until the tool has finished.
    ///
    /// Returns whether the response is closed: a client that cannot reconnect keeps its response. That is every client
    /// of another revision than 2025-11-25, every client without a session id, and every client of a server without
    /// [`Definition::resumable_streams`](crate::Definition::resumable_streams).
    pub fn close(&self) -> bool {
        if let Some(closing) = &self.0 {
            closing.is_wanted.store(true, Ordering::Release);
            closing.wanted.notify_one();
        }
        self.0.is_some()
    }
}
