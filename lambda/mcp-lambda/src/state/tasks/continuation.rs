//! Defines how work items reach a worker: the [`Continuation`] trait and its in-process form.

use std::fmt;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use tokio::sync::mpsc;

/// Continues the function's own work after its response.
pub(crate) trait Continuation: Send + Sync {
    /// Sends a sealed work item. It arrives later, at least once, at any process of the function.
    fn send(&self, work: String) -> BoxFuture<'_, Result<(), ContinuationError>>;

    /// Name of the invoked function.
    fn function(&self) -> Option<&str> {
        None
    }
}

/// Why work cannot continue. Its `Display` is the message for the caller: it names the reason in AWS's terms, never the
/// function or the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ContinuationError {
    /// The function's role does not allow it to invoke the function.
    AccessDenied,
    /// Lambda throttled the request.
    Throttled,
    /// No connection, or no response in time.
    Unreachable,
    /// Any other response, by its HTTP status.
    Refused(u16),
    /// The request cannot be signed, or the work item not sealed.
    Unsigned,
    /// The process is ending.
    Ending,
}

impl fmt::Display for ContinuationError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ContinuationError::AccessDenied => formatter.write_str(
                "the server is not allowed to continue its work (AccessDenied: lambda:InvokeFunction)",
            ),
            ContinuationError::Throttled => formatter.write_str(
                "the server has too much work to take on more, try again in a moment (throttled)",
            ),
            ContinuationError::Unreachable => {
                formatter.write_str("the server cannot continue its work: Lambda cannot be reached")
            }
            ContinuationError::Refused(status) => write!(
                formatter,
                "the server cannot continue its work: Lambda answered with status {status}"
            ),
            ContinuationError::Unsigned => {
                formatter.write_str("the server cannot continue its work: it cannot sign for it")
            }
            ContinuationError::Ending => formatter.write_str("the server is about to end"),
        }
    }
}

/// Work continues in the same process: the plain HTTP mode.
pub(crate) struct InProcess {
    work: mpsc::UnboundedSender<String>,
}

impl InProcess {
    /// The continuation, and the receiver of its work items.
    pub(crate) fn new() -> (Self, mpsc::UnboundedReceiver<String>) {
        let (work, arrives) = mpsc::unbounded_channel();
        (Self { work }, arrives)
    }
}

impl Continuation for InProcess {
    fn send(&self, work: String) -> BoxFuture<'_, Result<(), ContinuationError>> {
        let sent = self.work.send(work);
        ready(sent.map_err(|_| ContinuationError::Ending)).boxed()
    }
}
