//! Defines [`PersonState`], the value of one person in all conversations.

use std::marker::PhantomData;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::state::session_state::error::SessionError;
use crate::state::session_state::slot::ValueSlot;

/// The value of one person, whichever conversation or app client they use. A tool takes it as an argument and declares it:
/// `#[tool(scope = "orders.write", writes_person)]`, or `ToolPolicy::scopes(&["orders.write"]).writes_person()`.
///
/// A person is the subject of the access token; a program that signs in with client credentials is its app client. `T` is the
/// server's own type: put everything that belongs together into one struct, and give new fields `#[serde(default)]`, because
/// values of an earlier version of the server are read, too. It is kept as JSON of at most 64 KiB, in the table `state`, for a year
/// after the last change ([`Definition::person_time_to_live`](crate::Definition::person_time_to_live)).
///
/// Does not hold a lock, recognize a call that the client itself repeats, or encrypt the value, as
/// [`SessionState`](crate::SessionState). All conversations of a person share the value, also those that run at one time.
///
/// ```no_run
/// use mcp_lambda::{PersonState, Server, SessionError, tool};
///
/// /// Orders a bag of dog food.
/// #[tool(scope = "orders.write", writes_person)]
/// async fn order(orders: PersonState<u64>) -> Result<String, SessionError> {
///     let number = orders.update(|count| {
///         *count += 1;
///         *count
///     });
///     Ok(format!("order {} of yours", number.await?))
/// }
///
/// fn main() -> std::process::ExitCode {
///     Server::new("kennel", "0.1.0").scope("orders.write", "Order dog food").tool(order).run()
/// }
/// ```
pub struct PersonState<T> {
    slot: Arc<ValueSlot>,
    value: PhantomData<fn() -> T>,
}

impl<T> PersonState<T> {
    pub(crate) fn new(slot: Arc<ValueSlot>) -> Self {
        Self {
            slot,
            value: PhantomData,
        }
    }
}

impl<T: Serialize + DeserializeOwned + Default> PersonState<T> {
    /// Reads the value; the default of its type if nothing has been written. The read is strongly consistent.
    ///
    /// # Errors
    ///
    /// As [`SessionState::read`](crate::SessionState::read).
    pub async fn read(&self) -> Result<T, SessionError> {
        self.slot.read().await
    }

    /// Changes the value by the closure, as [`SessionState::update`](crate::SessionState::update) does: the closure runs again when
    /// another call has written in between.
    ///
    /// # Errors
    ///
    /// [`SessionError`]. Nothing has changed, except after [`SessionError::Uncertain`].
    pub async fn update<R>(&self, change: impl FnMut(&mut T) -> R) -> Result<R, SessionError> {
        self.slot.update(change).await
    }

    /// Removes the value, so that the next one starts with the default of its type.
    ///
    /// # Errors
    ///
    /// [`SessionError`].
    pub async fn remove(&self) -> Result<(), SessionError> {
        self.slot.end().await
    }
}

impl<T> std::fmt::Debug for PersonState<T> {
    /// Does not show the value.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("PersonState")
            .finish_non_exhaustive()
    }
}
