//! Turns: what the person asked, the rounds of tool calls, and the end.

use serde::{Deserialize, Serialize};

use super::content::{NonBlank, NonEmpty, Prompt, Said, ToolCall, ToolResult};

/// A call with its result: the pair cannot be taken apart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FinishedCall {
    /// The call.
    pub call: ToolCall,
    /// Its result.
    pub result: ToolResult,
}

/// Calls of one message of the model, with their results.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Round {
    /// What the model said before the calls.
    pub said: Vec<Said>,
    /// The calls.
    pub calls: NonEmpty<FinishedCall>,
}

/// Why a reply is not complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cut {
    /// The reply reached the limit of tokens.
    MaxTokens,
    /// The conversation is longer than the model can read.
    ContextWindow,
    /// The model wrote something that is neither a message nor a call.
    Malformed,
}

/// Who blocked a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockedBy {
    /// A Bedrock guardrail.
    Guardrail,
    /// The content filter of the model's provider.
    ContentFilter,
}

/// Why a turn was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// The person stopped it.
    Person,
    /// The model was called as often as one turn may.
    ModelCalls,
}

/// How a turn ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// With the model's reply.
    Replied {
        /// The reply.
        text: NonBlank,
        /// Why it is not complete; `None` when it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cut: Option<Cut>,
    },
    /// Without a word of the model.
    Silent {
        /// Why; `None` when the model gave no reason.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cut: Option<Cut>,
    },
    /// Before the reply was there.
    Stopped {
        /// What the model had said.
        said: Option<NonBlank>,
        /// Why.
        why: Stop,
    },
    /// By a filter.
    Blocked {
        /// Which.
        by: BlockedBy,
        /// What the filter says instead.
        said: Option<NonBlank>,
    },
}

/// A turn that is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Turn {
    /// What the person asked.
    pub prompt: Prompt,
    /// The rounds of calls.
    pub rounds: Vec<Round>,
    /// How it ended.
    pub end: End,
}

/// Where a call without a result stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallState {
    /// The person has to approve it.
    AwaitingApproval,
    /// It can be sent.
    Ready,
    /// It was sent, and nothing came back yet. After a cut: it may have run.
    Started,
    /// It has its result and waits for the other calls of its round.
    Finished(ToolResult),
}

/// A call of the current round.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PendingCall {
    /// The call.
    pub call: ToolCall,
    /// Where it stands.
    pub state: CallState,
}

/// Calls of which at least one has no result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PendingRound {
    /// What the model said before the calls.
    pub said: Vec<Said>,
    /// The calls.
    pub calls: NonEmpty<PendingCall>,
}

impl PendingRound {
    /// The finished round, or the round itself when a call has no result yet.
    pub fn finished(self) -> Result<Round, Self> {
        let results: Option<Vec<FinishedCall>> = self
            .calls
            .iter()
            .map(|pending| match &pending.state {
                CallState::Finished(result) => Some(FinishedCall {
                    call: pending.call.clone(),
                    result: result.clone(),
                }),
                CallState::AwaitingApproval | CallState::Ready | CallState::Started => None,
            })
            .collect();
        match results.and_then(NonEmpty::new) {
            Some(calls) => Ok(Round {
                said: self.said,
                calls,
            }),
            None => Err(self),
        }
    }
}

/// The turn that the model works on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OpenTurn {
    /// What the person asked.
    pub prompt: Prompt,
    /// The finished rounds.
    pub rounds: Vec<Round>,
    /// The current round; `None` when the model is next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending: Option<PendingRound>,
}
