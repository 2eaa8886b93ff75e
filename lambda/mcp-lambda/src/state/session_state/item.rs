//! The item of one MCP session: its value, or the mark of its end, under one key.

use std::time::Duration;

use tokio::time::Instant;

use crate::state::store::{Seal, Versioned};
use crate::token::caller::Caller;

/// Replaces the value of a session that has ended. It is not JSON, so no value of a tool is equal to it.
pub(crate) const ENDED: &str = "ended";
/// A tool uses what the request has read within this time; later it reads again.
const FRESH: Duration = Duration::from_secs(1);

/// The key of a session's item, and that of a conversation's with a handle.
pub(crate) fn session_key(seal: &Seal, caller: &Caller, id: &str) -> String {
    seal.key(caller, &["session", id])
}

/// The item of a session that has not ended, as a request has found it.
#[derive(Clone, Debug)]
pub(crate) struct SessionItem {
    held: Option<Versioned>,
    read_at: Instant,
}

impl SessionItem {
    /// `None` for the item of a session that has ended.
    pub(crate) fn found(held: Option<Versioned>, read_at: Instant) -> Option<Self> {
        let has_ended = held.as_ref().is_some_and(has_ended);
        (!has_ended).then_some(Self { held, read_at })
    }

    /// What the item holds, unless it was read too long ago.
    pub(super) fn fresh(self) -> Option<Option<Versioned>> {
        (self.read_at.elapsed() <= FRESH).then_some(self.held)
    }
}

/// Whether the item is the mark of an end.
pub(crate) fn has_ended(held: &Versioned) -> bool {
    held.value == ENDED
}
