//! An endpoint that is compatible with OpenAI's chat completions: Ollama, llama.cpp, vLLM and others.

use futures_util::StreamExt;
use futures_util::stream;
use serde::Deserialize;
use sse_stream::SseStream;

use super::events::Events;
use super::openai_request::chat_completion;
use crate::converse::{Request, StopReason, Usage};
use crate::model::{ModelError, StreamEvent};

/// Longest body of an error that is read, in bytes.
const ERROR_BODY: usize = 4096;

/// An endpoint of the user.
#[derive(Clone)]
pub struct Endpoint {
    url: String,
    key: Option<String>,
    /// The model that is asked for, whichever a request names.
    model: Option<String>,
    http: reqwest::Client,
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = formatter.debug_struct("Endpoint");
        shown.field("url", &self.url).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Chunk {
    #[serde(default)]
    choices: Vec<Choice>,
    #[serde(default)]
    usage: Option<Tokens>,
    #[serde(default)]
    error: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    delta: Delta,
    #[serde(default)]
    finish_reason: Option<String>,
}

#[derive(Default, Deserialize)]
struct Delta {
    #[serde(default)]
    content: Option<String>,
    #[serde(default, alias = "reasoning")]
    reasoning_content: Option<String>,
    #[serde(default)]
    tool_calls: Option<Vec<Call>>,
}

#[derive(Deserialize)]
struct Call {
    #[serde(default)]
    index: Option<u32>,
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    function: Function,
}

#[derive(Default, Deserialize)]
struct Function {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    arguments: Option<String>,
}

#[derive(Deserialize)]
struct Tokens {
    #[serde(default)]
    prompt_tokens: u64,
    #[serde(default)]
    completion_tokens: u64,
}

impl Endpoint {
    pub(super) fn new(url: &str, key: Option<String>, http: reqwest::Client) -> Self {
        let base = url.trim_end_matches('/');
        let url = match base.strip_suffix("/chat/completions") {
            Some(_) => base.to_owned(),
            None => format!("{base}/chat/completions"),
        };
        Self {
            url,
            key,
            model: None,
            http,
        }
    }

    pub(super) fn with_model(self, model: String) -> Self {
        Self {
            model: Some(model),
            ..self
        }
    }

    /// The reply to `request` as Converse's events.
    pub(super) async fn events(
        &self,
        model: &str,
        request: &Request,
    ) -> Result<Events, ModelError> {
        let model = self.model.as_deref().unwrap_or(model);
        let mut post = self
            .http
            .post(&self.url)
            .json(&chat_completion(model, request));
        if let Some(key) = &self.key {
            post = post.bearer_auth(key);
        }
        let response = post.send().await.map_err(|error| {
            let at = format!("{}: {error}", self.url);
            if error.is_connect() {
                ModelError::Refused(format!(
                    "{at}; start the model's server, or correct the URL"
                ))
            } else {
                ModelError::Unavailable(at)
            }
        })?;
        let status = response.status().as_u16();
        if status != 200 {
            let body = beginning(response).await;
            return Err(self.refused(status, &body));
        }
        let mut translation = Translation::default();
        let chunks = SseStream::from_bytes_stream(response.bytes_stream());
        let events = chunks.flat_map(move |chunk| {
            stream::iter(match chunk {
                Ok(chunk) => translation.events(&chunk.data.unwrap_or_default()),
                Err(error) => vec![Err(ModelError::Cut(error.to_string()))],
            })
        });
        Ok(events.boxed())
    }

    fn refused(&self, status: u16, body: &str) -> ModelError {
        let start: String = body.chars().take(500).collect();
        let message = format!("{} responded {status}: {start}", self.url);
        match status {
            429 => ModelError::Throttled(message),
            400 => ModelError::of_exception("ValidationException", message),
            404 => ModelError::NotFound(message),
            401 | 403 => ModelError::Refused(format!("{message}; check the key")),
            500.. => ModelError::Unavailable(message),
            _ => ModelError::Refused(message),
        }
    }
}

/// The beginning of a body, which may be long or never end.
async fn beginning(mut response: reqwest::Response) -> String {
    let mut bytes = Vec::new();
    while bytes.len() < ERROR_BODY
        && let Ok(Some(chunk)) = response.chunk().await
    {
        bytes.extend_from_slice(&chunk);
    }
    bytes.truncate(ERROR_BODY);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What is known of a stream so far.
#[derive(Default)]
struct Translation {
    calls: u32,
    stop: Option<StopReason>,
}

/// Block 0 is reasoning, 1 the words, and calls follow.
const FIRST_CALL: u32 = 2;

impl Translation {
    fn events(&mut self, data: &str) -> Vec<Result<StreamEvent, ModelError>> {
        let data = data.trim();
        if data == "[DONE]" {
            return Vec::new();
        }
        if data.is_empty() {
            return Vec::new();
        }
        let chunk: Chunk = match serde_json::from_str(data) {
            Ok(chunk) => chunk,
            Err(error) => return vec![Err(ModelError::Cut(format!("{error} in {data}")))],
        };
        if let Some(error) = chunk.error {
            return vec![Err(ModelError::Unavailable(error.to_string()))];
        }
        let mut events = Vec::new();
        for choice in chunk.choices {
            if let Some(text) = choice
                .delta
                .reasoning_content
                .filter(|text| !text.is_empty())
            {
                events.push(Ok(StreamEvent::Reasoning { block: 0, text }));
            }
            if let Some(text) = choice.delta.content.filter(|text| !text.is_empty()) {
                events.push(Ok(StreamEvent::Text { block: 1, text }));
            }
            for call in choice.delta.tool_calls.unwrap_or_default() {
                self.call(call, &mut events);
            }
            if let Some(reason) = choice.finish_reason {
                let reason = self.reason(&reason);
                // Some servers repeat it.
                if self.stop.replace(reason).is_none() {
                    events.push(Ok(StreamEvent::Stop(reason)));
                }
            }
        }
        if let Some(tokens) = chunk.usage {
            events.push(Ok(StreamEvent::Usage(Usage {
                input_tokens: tokens.prompt_tokens,
                output_tokens: tokens.completion_tokens,
                ..Usage::default()
            })));
        }
        events
    }

    /// A call begins with its name; servers that send calls whole may leave out the index and the id.
    fn call(&mut self, call: Call, events: &mut Vec<Result<StreamEvent, ModelError>>) {
        let begins = call.function.name.filter(|name| !name.is_empty());
        let index = call.index.unwrap_or(match begins {
            Some(_) => self.calls,
            None => self.calls.saturating_sub(1),
        });
        let block = FIRST_CALL + index;
        if let Some(name) = begins
            && index >= self.calls
        {
            self.calls = index + 1;
            let id = call.id.unwrap_or_default();
            events.push(Ok(StreamEvent::Call { block, id, name }));
        }
        if let Some(json) = call.function.arguments.filter(|json| !json.is_empty()) {
            events.push(Ok(StreamEvent::Arguments { block, json }));
        }
    }

    fn reason(&self, reason: &str) -> StopReason {
        match reason {
            "length" => StopReason::MaxTokens,
            "content_filter" => StopReason::ContentFiltered,
            // Some servers say "stop" after calls.
            _ if self.calls > 0 => StopReason::ToolUse,
            _ => StopReason::EndTurn,
        }
    }
}
