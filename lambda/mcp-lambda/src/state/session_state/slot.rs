//! Finds the store key of a value: by session id or handle, or by the caller alone.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::runtime::deadline::Deadline;
use crate::state::requirements::ValueUse;
use crate::state::session_state::error::SessionError;
use crate::state::session_state::item::{SessionItem, session_key};
use crate::state::store::{State, Versioned, unguessable};
use crate::token::caller::Caller;

/// Length of a handle: 128 bits in Base64.
const HANDLE: usize = 22;

/// The conversation of a request with a valid session id (revisions before 2026-07-28).
#[derive(Clone, Debug)]
pub(crate) struct McpSessionId(pub(crate) String);

/// The location of one value of a call: that of the conversation, or that of the caller.
pub(crate) struct ValueSlot {
    pub(super) state: State,
    caller: Caller,
    pub(super) deadline: Deadline,
    pub(super) time_to_live: Duration,
    pub(super) may: ValueUse,
    conversation: Mutex<Conversation>,
    /// What the request has read of its session, until the first use.
    found: Mutex<Option<SessionItem>>,
}

/// Identifies a conversation among those of one caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Conversation {
    /// None: the value belongs to the caller. It may have no value yet.
    OfCaller,
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
    fn id(&self) -> Option<&str> {
        match self {
            Conversation::SessionId(id)
            | Conversation::Handle(id)
            | Conversation::Chosen(id)
            | Conversation::Begun(id) => Some(id),
            Conversation::OfCaller | Conversation::New => None,
        }
    }
}

impl ValueSlot {
    /// A handle takes precedence over a session id: the model has chosen it.
    pub(crate) fn new(
        state: State,
        caller: Caller,
        deadline: Deadline,
        time_to_live: Duration,
        may: ValueUse,
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
            found: Mutex::default(),
        }
    }

    /// Begins with the item that the request has read of its session.
    pub(crate) fn with_found(mut self, found: Option<SessionItem>) -> Self {
        self.found = Mutex::new(found);
        self
    }

    /// What the request has read, once, if it belongs to this conversation and is fresh.
    pub(super) fn take_found(&self, conversation: &Conversation) -> Option<Option<Versioned>> {
        if !matches!(conversation, Conversation::SessionId(_)) {
            return None;
        }
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.take()?.fresh()
    }

    /// The value of the caller.
    pub(crate) fn of_caller(
        state: State,
        caller: Caller,
        deadline: Deadline,
        time_to_live: Duration,
        may: ValueUse,
    ) -> Self {
        Self {
            state,
            caller,
            deadline,
            time_to_live,
            may,
            conversation: Mutex::new(Conversation::OfCaller),
            found: Mutex::default(),
        }
    }

    /// An operation that the tool does not declare, by the method of `ToolPolicy` that declares it.
    pub(super) fn not_declared(
        &self,
        of_session: &'static str,
        of_person: &'static str,
    ) -> SessionError {
        let is_person = self.with_lock(|conversation| *conversation == Conversation::OfCaller);
        SessionError::NotDeclared(if is_person { of_person } else { of_session })
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

    pub(super) fn key(&self, conversation: &Conversation) -> Option<String> {
        let seal = &self.state.seal;
        if *conversation == Conversation::OfCaller {
            return Some(seal.person_key(&self.caller, &["value"]));
        }
        Some(session_key(seal, &self.caller, conversation.id()?))
    }

    /// The handle for the result of the call, and whether the model does not know it yet.
    pub(crate) fn handle(&self) -> Option<(String, bool)> {
        self.with_lock(|conversation| match conversation {
            Conversation::Handle(id) => Some((id.clone(), false)),
            Conversation::Begun(id) => Some((id.clone(), true)),
            Conversation::OfCaller
            | Conversation::SessionId(_)
            | Conversation::New
            | Conversation::Chosen(_) => None,
        })
    }
}

fn is_handle(text: &str) -> bool {
    text.len() == HANDLE
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}
