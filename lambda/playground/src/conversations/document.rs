//! A conversation with what the pages know of it beside.

use std::collections::BTreeMap;

use mcp_lambda_agent::conversation::Conversation;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

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
    /// The MCP Apps that show results of calls, by the ids of the calls.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) apps: BTreeMap<String, AppOfCall>,
}

/// The MCP App that shows the result of a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AppOfCall {
    /// The key of the server.
    pub(crate) server: String,
    /// The server's name for people.
    pub(crate) name: String,
    /// The tool's name on the server.
    pub(crate) tool: String,
    /// The URI of the document.
    pub(crate) uri: String,
    /// The arguments under the server's names, when the model has other names for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) arguments: Option<Map<String, Value>>,
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
