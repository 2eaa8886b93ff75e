//! The state of a conversation: what it holds, what comes next, and how it is saved.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::content::ToolCall;
use super::identifiers::{CallId, ToolName};
use super::messages;
use super::next::{Next, NotNow};
use super::turn::{CallState, End, OpenTurn, PendingRound, Round, Turn};
use crate::converse::{Message, Usage};

/// A conversation of one person with a model that calls tools.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Conversation {
    pub(super) turns: Vec<Turn>,
    pub(super) open: Option<OpenTurn>,
    pub(super) usage: Usage,
}

/// A conversation as it is saved.
#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    turns: Vec<Turn>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    open: Option<OpenTurn>,
    usage: Usage,
}

const VERSION: u32 = 1;

impl From<Conversation> for Stored {
    fn from(conversation: Conversation) -> Self {
        Self {
            version: VERSION,
            turns: conversation.turns,
            open: conversation.open,
            usage: conversation.usage,
        }
    }
}

impl TryFrom<Stored> for Conversation {
    type Error = String;

    fn try_from(stored: Stored) -> Result<Self, Self::Error> {
        if stored.version != VERSION {
            return Err(format!(
                "the conversation has version {}, this program reads version {VERSION}",
                stored.version
            ));
        }
        let mut conversation = Self {
            turns: stored.turns,
            open: stored.open,
            usage: stored.usage,
        };
        let mut seen = HashSet::new();
        if let Some(id) = conversation.call_ids().find(|id| !seen.insert(*id)) {
            return Err(format!("two calls have the id {}", id.as_str()));
        }
        conversation.close_round();
        Ok(conversation)
    }
}

impl Conversation {
    /// A conversation without a word.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The turns that are over.
    #[must_use]
    pub fn turns(&self) -> &[Turn] {
        &self.turns
    }

    /// The turn that the model works on.
    #[must_use]
    pub fn open(&self) -> Option<&OpenTurn> {
        self.open.as_ref()
    }

    /// What the model read and wrote in all turns.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.usage
    }

    /// The only way on.
    #[must_use]
    pub fn next(&self) -> Next<'_> {
        let Some(open) = &self.open else {
            return Next::WaitForUser;
        };
        let Some(pending) = &open.pending else {
            return Next::CallModel;
        };
        let in_state = |state: fn(&CallState) -> bool| -> Vec<&ToolCall> {
            let calls = pending.calls.iter();
            calls
                .filter(|call| state(&call.state))
                .map(|call| &call.call)
                .collect()
        };
        let interrupted = in_state(|state| matches!(state, CallState::Started));
        if !interrupted.is_empty() {
            return Next::Interrupted(interrupted);
        }
        let awaiting = in_state(|state| matches!(state, CallState::AwaitingApproval));
        if !awaiting.is_empty() {
            return Next::AskApproval(awaiting);
        }
        Next::RunTools(in_state(|state| matches!(state, CallState::Ready)))
    }

    /// The messages of the next request; `None` unless the model is next.
    #[must_use]
    pub fn request(&self) -> Option<Vec<Message>> {
        let open = self.open.as_ref()?;
        open.pending
            .is_none()
            .then(|| messages::messages(&self.turns, open))
    }

    /// How often the model asked for tools in the open turn, and how many calls that were.
    #[must_use]
    pub fn effort(&self) -> (usize, usize) {
        let rounds = self.open.iter().flat_map(|open| &open.rounds);
        rounds.fold((0, 0), |(rounds, calls), round| {
            (rounds + 1, calls + round.calls.iter().len())
        })
    }

    /// The names of the tools that were called.
    pub fn tools_called(&self) -> impl Iterator<Item = &ToolName> {
        self.finished_rounds()
            .flat_map(|round| round.calls.iter())
            .map(|finished| &finished.call.name)
    }

    pub(super) fn change(
        &mut self,
        id: &CallId,
        change: &'static str,
        to: impl FnOnce(&CallState) -> Option<CallState>,
    ) -> Result<(), NotNow> {
        let pending = self.open.iter_mut().flat_map(|open| &mut open.pending);
        let mut calls = pending.flat_map(|round| round.calls.iter_mut());
        let call = calls.find(|call| call.call.id == *id);
        let (call, state) = call
            .and_then(|call| to(&call.state).map(|state| (call, state)))
            .ok_or_else(|| NotNow::Call {
                id: id.clone(),
                change,
            })?;
        call.state = state;
        self.close_round();
        Ok(())
    }

    /// A round whose calls all have results is finished.
    pub(super) fn close_round(&mut self) {
        let Some(open) = &mut self.open else { return };
        match open.pending.take().map(PendingRound::finished) {
            Some(Ok(round)) => open.rounds.push(round),
            Some(Err(pending)) => open.pending = Some(pending),
            None => {}
        }
    }

    pub(super) fn end(&mut self, end: End) {
        self.turns.extend(self.open.take().map(|open| Turn {
            prompt: open.prompt,
            rounds: open.rounds,
            end,
        }));
    }

    fn finished_rounds(&self) -> impl Iterator<Item = &Round> {
        let open = self.open.iter().flat_map(|open| &open.rounds);
        self.turns.iter().flat_map(|turn| &turn.rounds).chain(open)
    }

    pub(super) fn call_ids(&self) -> impl Iterator<Item = &CallId> {
        let pending = self.open.iter().flat_map(|open| &open.pending);
        let pending = pending
            .flat_map(|round| round.calls.iter())
            .map(|call| &call.call.id);
        self.finished_rounds()
            .flat_map(|round| round.calls.iter())
            .map(|finished| &finished.call.id)
            .chain(pending)
    }
}
