//! Finds the store key of a session value, by session id or by handle.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::runtime::deadline::Deadline;
use crate::state::requirements::SessionUse;
use crate::state::session_state::error::SessionError;
use crate::state::store::{State, unguessable};
use crate::token::caller::Caller;

/// Length of a handle: 128 bits in Base64.
const HANDLE: usize = 22;

/// The conversation of a request with a valid session id (revisions before 2026-07-28).
#[derive(Clone, Debug)]
pub(crate) struct McpSessionId(pub(crate) String);

/// The location of the session value of one call.
pub(crate) struct SessionSlot {
    pub(super) state: State,
    caller: Caller,
    pub(super) deadline: Deadline,
    pub(super) time_to_live: Duration,
    pub(super) may: SessionUse,
    conversation: Mutex<Conversation>,
}

/// Identifies a conversation among those of one caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Conversation {
    /// The session id. It may have no value yet.
    SessionId(String),
    /// The handle that the model passes on. It was issued for an existing value.
    Handle(String),
    /// No handle until something is written.
    New,
    /// The handle for the value that this call writes.
    Chosen(String),
    /// The handle of the value that this call has written, for the model.
    Begun(String),
}

impl Conversation {
    pub(super) fn id(&self) -> Option<&str> {
        match self {
            Conversation::SessionId(id)
            | Conversation::Handle(id)
            | Conversation::Chosen(id)
            | Conversation::Begun(id) => Some(id),
            Conversation::New => None,
        }
    }
}

impl SessionSlot {
    /// A handle takes precedence over a session id: the model has chosen it.
    pub(crate) fn new(
        state: State,
        caller: Caller,
        deadline: Deadline,
        time_to_live: Duration,
        may: SessionUse,
        session_id: Option<McpSessionId>,
        handle: Option<String>,
    ) -> Self {
        let conversation = match (handle, session_id) {
            (Some(handle), _) => Conversation::Handle(handle),
            (None, Some(McpSessionId(id))) => Conversation::SessionId(id),
            (None, None) => Conversation::New,
        };
        Self {
            state,
            caller,
            deadline,
            time_to_live,
            may,
            conversation: Mutex::new(conversation),
        }
    }

    fn with_lock<R>(&self, act: impl FnOnce(&mut Conversation) -> R) -> R {
        act(&mut self
            .conversation
            .lock()
            .unwrap_or_else(PoisonError::into_inner))
    }

    /// The current conversation. A malformed handle is unknown without reading the store.
    pub(super) fn conversation(&self) -> Result<Conversation, SessionError> {
        let conversation = self.with_lock(|conversation| conversation.clone());
        if matches!(&conversation, Conversation::Handle(handle) if !is_handle(handle)) {
            return Err(SessionError::UnknownConversation);
        }
        Ok(conversation)
    }

    /// The conversation for a write: a new one gets its handle here.
    pub(super) fn conversation_to_write(&self) -> Result<Conversation, SessionError> {
        self.with_lock(|conversation| {
            if *conversation == Conversation::New {
                let handle = unguessable().map_err(SessionError::Unavailable)?;
                *conversation = Conversation::Chosen(handle);
            }
            Ok(())
        })?;
        self.conversation()
    }

    pub(super) fn has_written(&self) {
        self.with_lock(|conversation| {
            if let Conversation::Chosen(id) = conversation {
                *conversation = Conversation::Begun(std::mem::take(id));
            }
        });
    }

    pub(super) fn key(&self, conversation: &str) -> String {
        self.state
            .seal
            .key(&self.caller, &["session", conversation])
    }

    /// The handle for the result of the call, and whether the model does not know it yet.
    pub(crate) fn handle(&self) -> Option<(String, bool)> {
        self.with_lock(|conversation| match conversation {
            Conversation::Handle(id) => Some((id.clone(), false)),
            Conversation::Begun(id) => Some((id.clone(), true)),
            Conversation::SessionId(_) | Conversation::New | Conversation::Chosen(_) => None,
        })
    }
}

fn is_handle(text: &str) -> bool {
    text.len() == HANDLE
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}
