//! Messages of the Converse API in the JSON form of the REST API.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Who says a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The person, and the results of tools.
    User,
    /// The model.
    Assistant,
}

/// One message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Who says it.
    pub role: Role,
    /// The content blocks.
    pub content: Vec<Block>,
}

/// A content block of a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Block {
    /// A string.
    Text(String),
    /// A picture of the person.
    Image(ImageBlock),
    /// Reasoning of the model that has to go back to it unchanged.
    ReasoningContent(ReasoningBlock),
    /// A call of a tool.
    ToolUse(ToolUseBlock),
    /// The result of a call.
    ToolResult(ToolResultBlock),
}

/// A picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImageBlock {
    /// `png`, `jpeg`, `gif` or `webp`.
    pub format: String,
    /// The bytes.
    pub source: ImageSource,
}

/// The bytes of a picture, in Base64.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImageSource {
    /// Base64.
    pub bytes: String,
}

/// Reasoning of a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ReasoningBlock {
    /// Readable reasoning.
    ReasoningText {
        /// The reasoning.
        text: String,
        /// Proves to the model's provider that the reasoning is unchanged.
        #[serde(skip_serializing_if = "Option::is_none")]
        signature: Option<String>,
    },
    /// Encrypted reasoning, in Base64.
    RedactedContent(String),
}

/// A call of a tool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolUseBlock {
    /// Pairs the call with its result.
    pub tool_use_id: String,
    /// The tool's name in `toolConfig`.
    pub name: String,
    /// The arguments.
    pub input: Map<String, Value>,
}

/// The result of a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolResultBlock {
    /// Pairs the result with its call.
    pub tool_use_id: String,
    /// The content.
    pub content: Vec<ToolResultContent>,
    /// `success` or `error`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<ToolResultStatus>,
}

/// Whether a call succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ToolResultStatus {
    /// The tool did its work.
    Success,
    /// The tool failed, or was not run.
    Error,
}

/// A content block of a result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ToolResultContent {
    /// A string.
    Text(String),
    /// An object.
    Json(Value),
    /// A picture.
    Image(ImageBlock),
}

/// The tools of a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToolConfig {
    /// The tools.
    pub tools: Vec<ToolEntry>,
}

/// An entry of `toolConfig.tools`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolEntry {
    /// The tool.
    pub tool_spec: ToolSpec,
}

/// A tool as the model sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolSpec {
    /// Unique within the request, `[a-zA-Z0-9_-]{1,64}`.
    pub name: String,
    /// What it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its arguments.
    pub input_schema: InputSchema,
}

/// The JSON Schema of a tool's arguments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InputSchema {
    /// The schema; its `type` is `object`.
    pub json: Value,
}

/// How the model writes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Inference {
    /// The most tokens of one reply; the model's own maximum when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
    /// From 0 (most likely words) to 1; the model's own default when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f32>,
    /// The model stops at these strings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stop_sequences: Vec<String>,
}

impl Inference {
    /// Whether everything is left to the model.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// A system prompt block.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SystemBlock {
    /// The prompt.
    pub text: String,
}

/// A request without the model's id, which is part of the path.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// The conversation.
    pub messages: Vec<Message>,
    /// The system prompt.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub system: Vec<SystemBlock>,
    /// How the model writes.
    #[serde(default, skip_serializing_if = "Inference::is_default")]
    pub inference_config: Inference,
    /// The tools.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_config: Option<ToolConfig>,
}

impl Request {
    /// The tools of the request.
    pub fn tools(&self) -> impl Iterator<Item = &ToolSpec> {
        self.tool_config
            .iter()
            .flat_map(|config| &config.tools)
            .map(|entry| &entry.tool_spec)
    }
}

/// Why the model stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// The reply is complete.
    EndTurn,
    /// The model calls tools.
    ToolUse,
    /// The reply reached the limit of tokens.
    MaxTokens,
    /// The model wrote a stop sequence.
    StopSequence,
    /// A guardrail blocked the request or the reply.
    GuardrailIntervened,
    /// The provider's content filter blocked the reply.
    ContentFiltered,
    /// The model wrote something that is no message.
    MalformedModelOutput,
    /// The model wrote something that is no call.
    MalformedToolUse,
    /// The conversation is longer than the model can read.
    ModelContextWindowExceeded,
}

/// Tokens that the model read and wrote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    /// Read, without those of the cache.
    pub input_tokens: u64,
    /// Written.
    pub output_tokens: u64,
    /// Read from the prompt cache.
    #[serde(default)]
    pub cache_read_input_tokens: u64,
    /// Written to the prompt cache.
    #[serde(default)]
    pub cache_write_input_tokens: u64,
}

impl Usage {
    /// Adds `other`.
    pub fn add(&mut self, other: Self) {
        self.input_tokens += other.input_tokens;
        self.output_tokens += other.output_tokens;
        self.cache_read_input_tokens += other.cache_read_input_tokens;
        self.cache_write_input_tokens += other.cache_write_input_tokens;
    }
}
