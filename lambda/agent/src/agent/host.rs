//! What a conversation needs to be held, and what its holder learns.

use std::future::Future;
use std::time::Duration;

use crate::conversation::{Conversation, NonBlank, ToolCall, ToolResult};
use crate::converse::Inference;
use crate::limits::Limits;
use crate::model::{Heard, ModelError};
use crate::tools::Progress;

/// Which calls the person approves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Approval {
    /// Every call.
    Always,
    /// Calls of tools that are not read-only.
    #[default]
    Writes,
    /// None.
    Never,
}

/// How a conversation is held.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The system prompt.
    pub system: Option<NonBlank>,
    /// How the model writes.
    pub inference: Inference,
    /// Which calls the person approves.
    pub approval: Approval,
    /// The limits.
    pub limits: Limits,
}

/// Why [`Agent::advance`] returned.
#[derive(Clone, Debug, PartialEq)]
pub enum Pause {
    /// The turn is over; the person is next.
    TurnOver,
    /// The person has to approve calls.
    Approval,
    /// Calls may have run before a cut; the person decides.
    Interrupted,
    /// The person has to sign in to a server; then advance again.
    SignIn {
        /// The server.
        server: String,
    },
    /// It was cancelled; advance again to continue, or stop the turn.
    Cancelled {
        /// What the model had said.
        said: Option<NonBlank>,
    },
    /// The model does not reply; advance again to retry, or stop the turn.
    Failed(ModelError),
}

/// What happens while a conversation is taken on.
#[derive(Debug)]
pub enum Event<'a> {
    /// The model says something.
    Heard(Heard<'a>),
    /// The model's message is complete.
    Replied,
    /// The model is asked again after a wait; what it said of the message is void.
    Retry {
        /// Why.
        error: &'a ModelError,
        /// The wait.
        wait: Duration,
    },
    /// A call is sent.
    Started(&'a ToolCall),
    /// A call reports progress.
    Progress(&'a ToolCall, &'a Progress),
    /// A call has its result.
    Finished(&'a ToolCall, &'a ToolResult),
}

/// Where a conversation is kept and shown.
pub trait Host: Send {
    /// Why a conversation cannot be saved.
    type Error: Send;

    /// Keeps `conversation`. It is called after every change, and before what the change allows is done.
    fn save(
        &mut self,
        conversation: &Conversation,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Shows an event.
    fn show(&mut self, event: Event<'_>);
}
