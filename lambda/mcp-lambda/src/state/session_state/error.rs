//! Defines [`SessionError`], the reasons why a session value cannot be read or changed.

use std::fmt;

use rmcp::model::{ContentBlock, IntoContents};

use crate::state::session_state::schema::ARGUMENT;
use crate::state::store::{Attempts, StoreError};

/// Largest value, in bytes of JSON. A DynamoDB item could hold more, but every write is billed for the whole value.
pub(super) const MAX_SESSION: usize = 64 * 1024;

/// Why the value of a conversation or a caller cannot be read or changed. Its `Display` is the message for the caller: it names the
/// reason in AWS's terms, never the table, the account or the value. A tool can return it unchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionError {
    /// The handle was not issued to this caller, or its value has expired or was removed.
    UnknownConversation,
    /// The tool performs an operation that it does not declare; the string names the method of `ToolPolicy`.
    NotDeclared(&'static str),
    /// The new value is larger than 64 KiB of JSON.
    TooLarge,
    /// The stored value cannot be deserialised as the tool's type, or the new value cannot be serialised.
    NotThisType,
    /// Concurrent writers kept changing the value.
    Contended,
    /// The table refused or failed the operation; nothing has changed.
    Unavailable(String),
    /// The table did not respond to a write: the change may have been made.
    Uncertain(String),
}

impl SessionError {
    pub(super) fn nothing_changed(problem: &StoreError) -> Self {
        match problem {
            StoreError::TooLarge => SessionError::TooLarge,
            StoreError::Conflict => SessionError::Contended,
            StoreError::Nonsense => SessionError::NotThisType,
            StoreError::AccessDenied { .. }
            | StoreError::Throttled
            | StoreError::TableMissing
            | StoreError::TooSlow
            | StoreError::Unreachable
            | StoreError::Failed
            | StoreError::Full
            | StoreError::Refused(_)
            | StoreError::NoRandomness => SessionError::Unavailable(problem.to_string()),
        }
    }

    pub(super) fn after_write(problem: &StoreError, attempts: &Attempts) -> Self {
        if problem.is_transient() && attempts.may_have_happened() {
            SessionError::Uncertain(problem.to_string())
        } else {
            Self::nothing_changed(problem)
        }
    }
}

impl fmt::Display for SessionError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SessionError::UnknownConversation => write!(
                formatter,
                "the {ARGUMENT} is not known: it has expired, has ended, or belongs to another caller; leave {ARGUMENT} out to begin a new one"
            ),
            SessionError::NotDeclared(method) => write!(
                formatter,
                "the tool does not declare what it does to the value that the server keeps: add {method} to its ToolPolicy in the server"
            ),
            SessionError::TooLarge => write!(
                formatter,
                "the value that the server keeps would be larger than {MAX_SESSION} bytes"
            ),
            SessionError::NotThisType => formatter.write_str(
                "the value that the server keeps is not of the type that the tool has for it",
            ),
            SessionError::Contended => formatter.write_str(
                "the value that the server keeps is being changed by other requests, try again in a moment",
            ),
            SessionError::Unavailable(reason) => formatter.write_str(reason),
            SessionError::Uncertain(reason) => write!(
                formatter,
                "{reason}; the change may have been made, look before trying again"
            ),
        }
    }
}

impl std::error::Error for SessionError {}

impl IntoContents for SessionError {
    fn into_contents(self) -> Vec<ContentBlock> {
        vec![ContentBlock::text(self.to_string())]
    }
}
