//! A complete message of the model, before it is part of a conversation.

use serde_json::{Map, Value};

use super::content::{NonBlank, Reasoning, Said};
use crate::converse::{StopReason, Usage};

/// A call as the model wrote it: the id, the name and the arguments can be anything.
#[derive(Clone, Debug, PartialEq)]
pub struct ProposedCall {
    /// The model's id.
    pub id: String,
    /// The model's name of the tool.
    pub name: String,
    /// The arguments, or why they cannot be read.
    pub input: Result<Map<String, Value>, String>,
}

/// A complete message of the model.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelReply {
    /// What the model said.
    pub said: Vec<Said>,
    /// The calls it asks for.
    pub calls: Vec<ProposedCall>,
    /// Why it stopped.
    pub stop: StopReason,
    /// What it read and wrote.
    pub usage: Usage,
}

impl ModelReply {
    /// The words of the reply, without reasoning.
    #[must_use]
    pub fn text(&self) -> Option<NonBlank> {
        let words: Vec<&str> = self
            .said
            .iter()
            .filter_map(|said| match said {
                Said::Text(text) => Some(text.as_str()),
                Said::Reasoning(Reasoning::Signed { .. } | Reasoning::Redacted(_)) => None,
            })
            .collect();
        NonBlank::new(words.join("\n"))
    }
}
