//! Seals and opens SSE event ids, which hold the position of an event in its stream.

use std::time::Duration;

use rmcp::model::RequestId;
use serde::{Deserialize, Serialize};

use crate::state::mcp_session::mailbox::Mailbox;

/// How long the events of a stream are stored and their ids are valid.
pub(crate) const EVENT_LIFETIME: Duration = Duration::from_secs(60 * 60);
/// Longest request id, in bytes, in an event id, which the client returns in a header.
const LONGEST_CALL: usize = 256;

/// The position of an event in a stream. An event id is this, sealed for the caller and the session, so that no lookup
/// is necessary to know what may be read with it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct EventPosition {
    /// Identifies the stream within the session.
    #[serde(rename = "s")]
    pub(crate) stream: String,
    /// Zero for the event that begins the stream.
    #[serde(rename = "n")]
    pub(crate) number: u64,
    /// The client's request.
    #[serde(rename = "c")]
    pub(crate) call: RequestId,
    /// When the responding invocation ends at the latest, in seconds since 1970: no event is added after that.
    #[serde(rename = "e")]
    pub(crate) ends: Option<u64>,
    /// The called tool, if any: a client that reconnects must still have its scopes.
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub(crate) tool: Option<String>,
    /// Whether it is the last event.
    #[serde(rename = "l")]
    pub(crate) is_last: bool,
}

impl EventPosition {
    /// The first position of a new stream; `None` when its ids would be too long, and when the operating system is out
    /// of random bytes.
    pub(crate) fn first(mailbox: &Mailbox, call: RequestId, tool: Option<String>) -> Option<Self> {
        let left = mailbox.deadline.until_end();
        let is_short = match &call {
            RequestId::Number(_) => true,
            RequestId::String(text) => text.len() <= LONGEST_CALL,
        };
        let stream = crate::state::store::unguessable().ok()?;
        is_short.then(|| Self {
            stream,
            number: 0,
            call,
            ends: left.map(|left| mailbox.state.seal.now() + left.as_secs() + 1),
            tool,
            is_last: false,
        })
    }

    pub(crate) fn next(&self, is_last: bool) -> Self {
        Self {
            number: self.number + 1,
            is_last,
            ..self.clone()
        }
    }

    /// The event id.
    pub(crate) fn seal(&self, mailbox: &Mailbox) -> Option<String> {
        let parts = ["event", mailbox.session.as_str()];
        let seal = &mailbox.state.seal;
        seal.close_for(&mailbox.caller, &parts, self, EVENT_LIFETIME)
    }

    /// `None` unless it is an unexpired event id of this caller and session.
    pub(crate) fn open(mailbox: &Mailbox, id: &str) -> Option<Self> {
        let parts = ["event", mailbox.session.as_str()];
        mailbox.state.seal.open_for(&mailbox.caller, &parts, id)
    }
}
