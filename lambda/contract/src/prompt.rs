//! Defines [`Prompt`] and [`McpResource`], what a server offers beside its tools.

use schemars::JsonSchema;
use serde::Serialize;

/// A prompt that a person chooses in a client.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Prompt {
    /// Name on the wire.
    #[schemars(length(min = 1))]
    pub name: String,
    /// Name for people.
    pub title: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// What a person fills in.
    pub arguments: Vec<PromptArgument>,
}

/// An argument of a [`Prompt`].
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PromptArgument {
    /// Name on the wire.
    #[schemars(length(min = 1))]
    pub name: String,
    /// What a person writes there.
    pub description: Option<String>,
    /// Whether it may not be left out.
    pub required: bool,
}

/// A resource of MCP, or a template of resources. MCP Apps are not among them.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct McpResource {
    /// The URI, or the URI template.
    #[schemars(length(min = 1))]
    pub uri: String,
    /// Name for programs.
    pub name: String,
    /// Name for people.
    pub title: Option<String>,
    /// What it holds.
    pub description: Option<String>,
}
