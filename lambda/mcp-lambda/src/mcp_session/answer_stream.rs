//! Defines [`AnswerStream`], with which a tool closes its response early and keeps running.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rmcp::ErrorData;
use rmcp::handler::server::common::{AsRequestContext, FromContextPart};
use tokio::sync::Notify;

/// The event stream that carries a call's answer, for a tool that asks for it as an argument
/// ([`Definition::resumable_streams`](crate::Definition::resumable_streams)).
///
/// ```no_run
/// # use std::time::Duration;
/// # use mcp_lambda::{Access, AnswerStream};
/// # use rmcp::{tool, tool_router};
/// # struct Kitchen;
/// # #[tool_router]
/// # impl Kitchen {
/// /// Bakes for ten minutes. Nobody has to hold the line.
/// #[tool(meta = Access::scopes(&["bake"]).meta())]
/// async fn bake(&self, stream: AnswerStream) -> String {
///     stream.close();
///     tokio::time::sleep(Duration::from_secs(600)).await;
///     "baked".to_owned()
/// }
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct AnswerStream(Option<Arc<Closing>>);

/// Whether a response is to be closed, and whoever waits for it.
#[derive(Debug, Default)]
pub(crate) struct Closing {
    is_wanted: AtomicBool,
    wanted: Notify,
}

impl Closing {
    /// Waits until the tool wants the response closed.
    pub(crate) async fn wanted(&self) {
        while !self.is_wanted.load(Ordering::Acquire) {
            self.wanted.notified().await;
        }
    }
}

impl AnswerStream {
    pub(crate) fn new(closing: Arc<Closing>) -> Self {
        Self(Some(closing))
    }

    /// Closes the response while the tool goes on; the client comes back for the rest. For tools that take long, where
    /// something on the way cuts long responses, or a client should not hold a connection. On Lambda the invocation
    /// goes on, and is paid for, until the tool has finished.
    ///
    /// Whether it does anything: a client that cannot come back keeps its response, as before. That is every one of
    /// another revision than 2025-11-25, one that sends no session id, and every one of a server without
    /// [`Definition::resumable_streams`](crate::Definition::resumable_streams).
    pub fn close(&self) -> bool {
        if let Some(closing) = &self.0 {
            closing.is_wanted.store(true, Ordering::Release);
            closing.wanted.notify_one();
        }
        self.0.is_some()
    }
}

impl<C: AsRequestContext> FromContextPart<C> for AnswerStream {
    fn from_context_part(context: &mut C) -> Result<Self, ErrorData> {
        let extensions = &context.as_request_context().extensions;
        let parts = extensions.get::<http::request::Parts>();
        let stream = parts.and_then(|parts| parts.extensions.get::<Self>());
        Ok(stream.cloned().unwrap_or(Self(None)))
    }
}
