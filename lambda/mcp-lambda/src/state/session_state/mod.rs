//! Stores a value for each conversation, and one for each caller, between calls, for every process of the function.

mod error;
mod item;
mod person;
mod schema;
mod slot;
#[cfg(test)]
mod tests;
mod update;

use std::marker::PhantomData;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use error::SessionError;
pub(crate) use item::{ENDED, SessionItem, has_ended, session_key};
pub use person::PersonState;
pub(crate) use schema::{ARGUMENT, takes_the_argument};
pub(crate) use slot::{McpSessionId, ValueSlot};

/// The value of one conversation. A tool takes it as an argument and declares it:
/// `ToolPolicy::scopes(&["counter.write"]).writes_session()`.
///
/// `T` is the server's own type. A conversation has one value; put everything that belongs together into one struct, and
/// give new fields `#[serde(default)]`, because values of an earlier version of the server are read, too. It is kept as
/// JSON of at most 64 KiB, in the table `state`, for seven days after the last change
/// ([`Definition::session_time_to_live`](crate::Definition::session_time_to_live)).
///
/// # Which conversation
///
/// - A client of a revision before 2026-07-28 sends the session id from the response to `initialize`
///   (`Mcp-Session-Id`).
/// - Revision 2026-07-28 has no session id; there, and for an older client that sends none, the server issues a handle,
///   and the model passes it on. Every tool with a `SessionState` has an additional, optional argument `conversation`. The
///   first result after a change names the handle of the value, in its text and as the member `conversation` of its
///   structured content. The argument does not reach the tool.
///
/// The identity of the caller is part of the key: person or program, subject, app client. The handle of another caller
/// is unknown.
///
/// # Does not
///
/// - Prolong the time to live when a value is only read.
/// - Hold a lock: the closure of [`SessionState::update`] can run several times.
/// - Recognize a call that the client itself repeats: that is another call, and changes the value again.
/// - Return a handle with a result that asks for input, or when the deadline stops the tool.
/// - Encrypt the value; the table does that at rest.
///
/// ```no_run
/// # use mcp_lambda::{ToolPolicy, SessionError, SessionState};
/// # use rmcp::{tool, tool_router};
/// # struct Counter;
/// # #[tool_router]
/// # impl Counter {
/// /// Adds one.
/// #[tool(meta = ToolPolicy::scopes(&["counter.write"]).writes_session().meta())]
/// async fn increment(&self, session: SessionState<u64>) -> Result<String, SessionError> {
///     let count = session.update(|count| {
///         *count += 1;
///         *count
///     });
///     Ok(count.await?.to_string())
/// }
/// # }
/// ```
pub struct SessionState<T> {
    slot: Arc<ValueSlot>,
    value: PhantomData<fn() -> T>,
}

impl<T> SessionState<T> {
    pub(crate) fn new(slot: Arc<ValueSlot>) -> Self {
        Self {
            slot,
            value: PhantomData,
        }
    }
}

impl<T: Serialize + DeserializeOwned + Default> SessionState<T> {
    /// Reads the value; the default of its type if nothing has been written. The read is strongly consistent.
    ///
    /// The first read of a call in an MCP session may be up to a second older: the request has already read the value, to
    /// find out whether the session has ended.
    ///
    /// # Errors
    ///
    /// [`SessionError`], after transient failures have been retried until shortly before the deadline, at most ten seconds.
    pub async fn read(&self) -> Result<T, SessionError> {
        self.slot.read().await
    }

    /// Changes the value by the closure, which gets the present value (or the default of its type), and returns what
    /// the closure returns.
    ///
    /// The new value is written only if no other call has written in between. Otherwise the closure runs again with the
    /// other call's value, so that no change is lost; it should only change the value. A closure that does not change
    /// the value causes no write.
    ///
    /// A write whose response was lost is recognised and not repeated.
    ///
    /// # Errors
    ///
    /// [`SessionError`]. Nothing has changed, except after [`SessionError::Uncertain`].
    pub async fn update<R>(&self, change: impl FnMut(&mut T) -> R) -> Result<R, SessionError> {
        self.slot.update(change).await
    }

    /// Removes the value, so that the next one starts with the default of its type. A handle is unknown afterwards.
    ///
    /// # Errors
    ///
    /// [`SessionError`].
    pub async fn end(&self) -> Result<(), SessionError> {
        self.slot.end().await
    }
}

impl<T> std::fmt::Debug for SessionState<T> {
    /// Shows neither the value nor the handle.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("SessionState")
            .finish_non_exhaustive()
    }
}
