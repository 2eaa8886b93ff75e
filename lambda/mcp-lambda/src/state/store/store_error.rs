//! Why a store does not do what it is asked for.

use std::fmt;

use crate::state::store::item::MAX_VALUE;

/// Why the store has not done what it was asked for. Its `Display` is the sentence for the caller: it names the reason
/// in AWS's word for it, never the table or the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StoreError {
    /// The function's role does not allow the action.
    AccessDenied { action: &'static str },
    /// DynamoDB has too much to do.
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
    /// Somebody else has written in between.
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
