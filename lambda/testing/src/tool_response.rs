//! The response to one request of a test.

use serde_json::Value;

/// What a server under test responded: a result, a tool error, a JSON-RPC error, or no response at all.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolResponse {
    status: u16,
    body: Value,
}

impl ToolResponse {
    pub(crate) fn new(status: u16, body: Value) -> Self {
        Self { status, body }
    }

    /// Whether the tool returned a result that is no error.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.body["result"].is_object() && self.result()["isError"] != true
    }

    /// The HTTP status: 403 for a caller without the tool's OAuth scope, 502 or 504 for a function that failed.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// What the model reads: the result's text blocks, one a line, or the message of the error.
    #[must_use]
    pub fn text(&self) -> String {
        if let Some(message) = self.body["error"]["message"].as_str() {
            return message.to_owned();
        }
        let blocks = self.result()["content"].as_array().cloned();
        let blocks = blocks.unwrap_or_default();
        let lines: Vec<&str> = blocks
            .iter()
            .filter_map(|block| block["text"].as_str())
            .collect();
        lines.join("\n")
    }

    /// The result's structured content; `null` when it has none.
    #[must_use]
    pub fn structured(&self) -> &Value {
        &self.result()["structuredContent"]
    }

    /// The handle of the conversation that the call belongs to, for the argument `conversation` of the next call.
    #[must_use]
    pub fn conversation(&self) -> Option<String> {
        if let Some(handle) = self.structured()["conversation"].as_str() {
            return Some(handle.to_owned());
        }
        let text = self.text();
        let (_, rest) = text.rsplit_once("Pass conversation = \"")?;
        rest.split_once('"').map(|(handle, _)| handle.to_owned())
    }

    /// The result of the JSON-RPC response; `null` for an error.
    #[must_use]
    pub fn result(&self) -> &Value {
        &self.body["result"]
    }

    /// The whole body.
    #[must_use]
    pub fn body(&self) -> &Value {
        &self.body
    }
}
