//! Names of tools and ids of calls as Converse accepts them.

use serde::{Deserialize, Serialize};

fn fits(string: &str) -> bool {
    (1..=64).contains(&string.len())
        && string
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// A tool's name as Converse accepts it: `[a-zA-Z0-9_-]{1,64}`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ToolName(String);

impl ToolName {
    /// `None` when `name` has another character or another length.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Option<Self> {
        let name = name.into();
        fits(&name).then_some(Self(name))
    }

    /// `name` with `_` for each character that Converse refuses, cut to 64: models invent names, and a refused one would
    /// spoil every later request of the conversation.
    #[must_use]
    pub fn sanitized(name: &str) -> Self {
        let legal: String = name
            .chars()
            .map(|character| match character {
                'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '-' => character,
                _ => '_',
            })
            .take(64)
            .collect();
        Self(if legal.is_empty() { "_".into() } else { legal })
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ToolName {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        Self::new(name).ok_or("a tool's name must match [a-zA-Z0-9_-]{1,64}")
    }
}

impl From<ToolName> for String {
    fn from(name: ToolName) -> Self {
        name.0
    }
}

/// The id of a call as Converse accepts it: `[a-zA-Z0-9_-]{1,64}`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CallId(String);

impl CallId {
    /// `None` when `id` has another character or another length.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Option<Self> {
        let id = id.into();
        fits(&id).then_some(Self(id))
    }

    /// The id of the `number`th call of a conversation whose model gave none that can be used.
    #[must_use]
    pub fn numbered(number: usize) -> Self {
        Self(format!("call_{number}"))
    }

    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for CallId {
    type Error = &'static str;

    fn try_from(id: String) -> Result<Self, Self::Error> {
        Self::new(id).ok_or("the id of a call must match [a-zA-Z0-9_-]{1,64}")
    }
}

impl From<CallId> for String {
    fn from(id: CallId) -> Self {
        id.0
    }
}
