//! What comes next, and what a state refuses.

use super::content::{ToolCall, ToolResult};
use super::identifiers::CallId;

/// The only way on from the current state.
#[derive(Clone, Debug, PartialEq)]
pub enum Next<'a> {
    /// The person is next: [`Conversation::ask`].
    WaitForUser,
    /// The model is next: [`Conversation::request`], then [`Conversation::reply`].
    CallModel,
    /// These calls need the person's approval: [`Conversation::approve`] or [`Conversation::decline`] for each.
    AskApproval(Vec<&'a ToolCall>),
    /// These calls can be sent: [`Conversation::start`], then [`Conversation::finish`] for each.
    RunTools(Vec<&'a ToolCall>),
    /// These calls were sent before a cut and may have run: [`Conversation::rerun`] or [`Conversation::leave`] for each.
    Interrupted(Vec<&'a ToolCall>),
}

/// What happens to a call that the model asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Plan {
    /// It can be sent at once.
    Run,
    /// The person has to approve it.
    AskFirst,
    /// It is not sent; the model gets this result.
    Refuse(ToolResult),
}

/// A change that the current state does not allow. The conversation is as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotNow {
    /// The person is not next.
    #[error("the last request is not finished: continue or stop it first")]
    RequestOpen,
    /// The model is not next.
    #[error("the model is not next")]
    ModelNotNext,
    /// There is no such call, or it is in another state.
    #[error("the call {} cannot be {change} now", id.as_str())]
    Call {
        /// The call.
        id: CallId,
        /// The change.
        change: &'static str,
    },
    /// No request is open.
    #[error("no request is open")]
    NothingOpen,
    /// The last turn has its reply.
    #[error("the last turn is complete")]
    Complete,
}
