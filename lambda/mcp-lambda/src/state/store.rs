//! Defines the [`Store`] trait: values by key, with expiry and conditional writes.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::future::BoxFuture;

use crate::state::version::{Version, Versioned};

/// Longest value, in bytes: an item of DynamoDB has 400 KB at most, its key and attributes included.
pub(crate) const MAX_VALUE: usize = 350 * 1024;

/// A store of strings by key, shared by every process of the function, until they expire.
///
/// Does not know the owner of a value: the key must contain the caller's identity.
pub(crate) trait Store: Send + Sync {
    /// Stores the value for this long. An existing value that has not expired stays unchanged.
    fn put(
        &self,
        key: String,
        value: String,
        time_to_live: Duration,
    ) -> BoxFuture<'_, Result<(), StoreError>>;

    /// The value, unless it has expired.
    fn get(&self, key: String) -> BoxFuture<'_, Result<Option<String>, StoreError>>;

    /// The value of [`Store::write`] with its version, unless it has expired.
    fn read(&self, key: String) -> BoxFuture<'_, Result<Option<Versioned>, StoreError>>;

    /// Stores the value for this long, with this version, if no other write came in between: if there is no value for
    /// [`Version::first`], or if the value is the version's predecessor for [`Version::next`]. Expired values count as
    /// absent. Otherwise [`StoreError::Conflict`], and nothing has changed.
    ///
    /// After a transient failure the write may have taken effect. It can be repeated with the same version: it is not
    /// written twice, and is no conflict.
    fn write(
        &self,
        key: String,
        value: String,
        time_to_live: Duration,
        version: Version,
    ) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Removes the value when it has this version, otherwise [`StoreError::Conflict`]. An absent value is no conflict,
    /// so this can be repeated.
    fn delete(&self, key: String, version: Version) -> BoxFuture<'_, Result<(), StoreError>>;
}

/// Why a store operation failed. Its `Display` is the message for the caller: it names the reason in AWS's terms, never
/// the table or the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StoreError {
    /// The function's role does not allow the action.
    AccessDenied { action: &'static str },
    /// DynamoDB throttled the request.
    Throttled,
    /// There is no such table.
    TableMissing,
    /// No response in time.
    TooSlow,
    /// No connection.
    Unreachable,
    /// DynamoDB failed on its side.
    Failed,
    /// The value is longer than [`MAX_VALUE`].
    TooLarge,
    /// There is no room for the value before another one expires.
    Full,
    /// Any other refusal, by its code.
    Refused(String),
    /// The item is not one of this library.
    Nonsense,
    /// Another process has written in between.
    Conflict,
    /// The operating system has no random bytes for a version.
    NoRandomness,
}

impl StoreError {
    /// Whether the same request may succeed a moment later.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            StoreError::Throttled
            | StoreError::TooSlow
            | StoreError::Unreachable
            | StoreError::Failed => true,
            StoreError::AccessDenied { .. }
            | StoreError::TableMissing
            | StoreError::TooLarge
            | StoreError::Full
            | StoreError::Refused(_)
            | StoreError::Nonsense
            | StoreError::Conflict
            | StoreError::NoRandomness => false,
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StoreError::AccessDenied { action } => write!(
                formatter,
                "the server is not allowed to use its state table (AccessDenied: {action})"
            ),
            StoreError::Throttled => formatter
                .write_str("the server's state table is busy, try again in a moment (throttled)"),
            StoreError::TableMissing => {
                formatter.write_str("the server's state table does not exist (ResourceNotFound)")
            }
            StoreError::TooSlow => {
                formatter.write_str("the server's state table did not answer in time")
            }
            StoreError::Unreachable => {
                formatter.write_str("the server's state table cannot be reached")
            }
            StoreError::Failed => {
                formatter.write_str("the server's state table failed, try again in a moment")
            }
            StoreError::TooLarge => write!(
                formatter,
                "the message is larger than the {MAX_VALUE} bytes that the server's state table takes"
            ),
            StoreError::Full => formatter.write_str(
                "the server keeps as much as it has memory for: end a session, or try again when one has expired",
            ),
            StoreError::Refused(code) => {
                write!(
                    formatter,
                    "the server's state table refused the request ({code})"
                )
            }
            StoreError::Nonsense => {
                formatter.write_str("the server's state table holds something of somebody else")
            }
            StoreError::Conflict => formatter.write_str(
                "the server's state was changed by another request at the same time, try again",
            ),
            StoreError::NoRandomness => {
                formatter.write_str("the operating system gives no random bytes")
            }
        }
    }
}

/// Seconds since 1970, the unit of DynamoDB's time to live.
pub(crate) fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}
