//! What a person does to a conversation.

use std::collections::HashMap;

use mcp_lambda_agent::conversation::{CallId, Conversation, Next, NotNow, Prompt, Stop};

use crate::conversations::Document;
use crate::problem::Problem;

/// What a person does to a conversation.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Action {
    /// Asks something.
    Ask(Prompt),
    /// Takes a conversation on that stands still.
    Continue,
    /// Asks the last question again.
    Retry,
    /// Asks the last question in other words.
    Edit(Prompt),
    /// Lets a call run.
    Approve(CallId),
    /// Lets this call and all further ones run.
    ApproveAll,
    /// Does not let a call run.
    Decline(CallId),
    /// Sends an interrupted call again.
    Rerun(CallId),
    /// Leaves an interrupted call as it is.
    Leave(CallId),
}

impl Action {
    /// The action of a form.
    pub(crate) fn of(form: &HashMap<String, String>) -> Result<Self, Problem> {
        let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
        let words = |name: &str| {
            let prompt = Prompt::new(field(name).trim());
            prompt.ok_or_else(|| Problem::Field("write a question first".to_owned()))
        };
        let act = field("act");
        let (name, id) = act.split_once(':').unwrap_or((act, ""));
        let call = || {
            CallId::new(id).ok_or_else(|| Problem::Field("there is no such tool call".to_owned()))
        };
        Ok(match name {
            "ask" => Self::Ask(words("text")?),
            "continue" => Self::Continue,
            "retry" => Self::Retry,
            "edit" => Self::Edit(words("edited")?),
            "approve" => Self::Approve(call()?),
            "approve-all" => Self::ApproveAll,
            "decline" => Self::Decline(call()?),
            "rerun" => Self::Rerun(call()?),
            "leave" => Self::Leave(call()?),
            _ => return Err(Problem::Field("there is no such action".to_owned())),
        })
    }

    /// Whether it counts against the questions of a minute. A decision about a call belongs to its question.
    pub(crate) fn is_question(&self) -> bool {
        matches!(
            self,
            Self::Ask(_) | Self::Continue | Self::Retry | Self::Edit(_)
        )
    }

    /// Changes the conversation.
    pub(crate) fn apply(self, document: &mut Document) -> Result<(), NotNow> {
        document.head.standing = None;
        let conversation = &mut document.conversation;
        match self {
            Self::Ask(prompt) => {
                close(conversation);
                conversation.ask(prompt)
            }
            Self::Continue if conversation.open().is_some() => Ok(()),
            Self::Continue => conversation.resume(),
            Self::Retry => {
                close(conversation);
                let prompt = conversation.take_back()?.prompt;
                conversation.ask(prompt)
            }
            Self::Edit(prompt) => {
                close(conversation);
                conversation.take_back()?;
                conversation.ask(prompt)
            }
            Self::Approve(id) => conversation.approve(&id),
            Self::ApproveAll => {
                document.head.all_approved = true;
                let waiting = waiting(conversation);
                waiting.iter().try_for_each(|id| conversation.approve(id))
            }
            Self::Decline(id) => conversation.decline(&id, None),
            Self::Rerun(id) => conversation.rerun(&id),
            Self::Leave(id) => conversation.leave(&id),
        }
    }
}

/// The person leaves an open question behind.
fn close(conversation: &mut Conversation) {
    if conversation.open().is_some() {
        // Something is open: it can be stopped.
        let _ = conversation.stop(Stop::Person, None);
    }
}

fn waiting(conversation: &Conversation) -> Vec<CallId> {
    match conversation.next() {
        Next::AskApproval(calls) => calls.iter().map(|call| call.id.clone()).collect(),
        Next::WaitForUser | Next::CallModel | Next::RunTools(_) | Next::Interrupted(_) => {
            Vec::new()
        }
    }
}
