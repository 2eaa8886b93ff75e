//! A conversation with what the pages know of it beside.

use std::collections::BTreeMap;

use mcp_lambda_agent::conversation::Conversation;
use serde::{Deserialize, Serialize};

/// A conversation as it is kept.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Document {
    #[serde(flatten)]
    pub(crate) head: Head,
    pub(crate) conversation: Conversation,
}

/// What the pages know beside the conversation itself.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Head {
    pub(crate) title: String,
    /// The model's id.
    pub(crate) model: String,
    /// The person approved all further calls of this conversation.
    #[serde(default)]
    pub(crate) all_approved: bool,
    /// Why the conversation stands still.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) standing: Option<Standing>,
    /// How long calls took, in milliseconds, by their ids.
    #[serde(default)]
    pub(crate) durations: BTreeMap<String, u64>,
}

/// Why a conversation stands still.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Standing {
    /// The model does not reply.
    Model {
        /// What is wrong and what to do.
        words: String,
    },
    /// A server wants a sign-in.
    SignIn {
        /// The key of the server.
        server: String,
        /// What people read.
        name: String,
        /// The OAuth scopes that it found missing.
        scopes: Vec<String>,
    },
    /// The function had no time left.
    Time,
}

/// The longest title.
const TITLE: usize = 80;

impl Head {
    /// A title out of the first question.
    pub(crate) fn name_after(&mut self, question: &str) {
        let line = question.split_whitespace().collect::<Vec<_>>().join(" ");
        self.title = shortened(&line, TITLE);
    }
}

/// `line` with at most `length` characters.
pub(crate) fn shortened(line: &str, length: usize) -> String {
    match line.char_indices().nth(length) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default().trim_end()),
        None => line.to_owned(),
    }
}
