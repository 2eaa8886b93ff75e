//! The rules of directories, and what a finding is.

use schemars::JsonSchema;
use serde::Serialize;

use crate::NameRule;

/// A tool's name, as all models take it. MCP itself allows dots, slashes and 128 characters.
pub const TOOL_NAME: NameRule = NameRule {
    prefix: "",
    first: &['A'..='Z', 'a'..='z', '0'..='9', '_'..='_', '-'..='-'],
    other: &['A'..='Z', 'a'..='z', '0'..='9', '_'..='_', '-'..='-'],
    length: 1..=64,
};
/// Longest description, in characters.
pub(super) const LONGEST_DESCRIPTION: usize = 1024;
/// A rule of directories that a server does not keep. None of them keeps a client from connecting.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub struct DirectoryFinding {
    /// The rule.
    pub rule: DirectoryRule,
    /// What does not keep it, such as `tool getDogs`.
    pub about: String,
    /// What is wrong and what fixes it, as the end of a sentence that begins with `about`.
    pub message: String,
}

/// Rules of directories, see `docs/directories.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DirectoryRule {
    /// A tool's name is a [`TOOL_NAME`].
    ToolName,
    /// A tool has a title.
    ToolTitle,
    /// A tool has a description of at most 1,024 characters.
    ToolDescription,
    /// A tool says whether it only reads and whether it reaches other systems; one that does not only read, also whether it
    /// destroys and whether it is idempotent.
    ToolHints,
    /// The hints of a tool do not contradict each other or the AWS actions that it declares.
    ToolHintsAgree,
    /// The arguments of a tool are an object at most 10 levels deep, without a combination at the top and without a `$ref` that leads
    /// elsewhere or into itself.
    ToolSchema,
    /// A prompt's name is a [`TOOL_NAME`]: clients make commands of it.
    PromptName,
    /// A prompt has a title.
    PromptTitle,
    /// A prompt has a description of at most 1,024 characters.
    PromptDescription,
    /// Every argument of a prompt has a description.
    PromptArguments,
    /// A resource has a name.
    ResourceName,
    /// A resource, or an MCP App, has a title.
    ResourceTitle,
    /// A resource, or an MCP App, has a description of at most 1,024 characters.
    ResourceDescription,
}

/// Whether nothing is said.
pub(super) fn is_blank(text: Option<&String>) -> bool {
    text.is_none_or(|text| text.trim().is_empty())
}
