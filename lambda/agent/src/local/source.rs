//! Where replies come from on this machine: the offline planner, or an endpoint of the user.

use futures_util::stream::{self, StreamExt};
use serde_json::Value;

use super::events::Events;
use super::openai::Endpoint;
use super::planner;
use super::validator::validate;
use crate::conversation::ModelReply;
use crate::converse::{Request, StopReason, Usage};
use crate::model::{Assembly, Heard, Model, ModelError, StreamEvent, soon};

/// Where replies come from.
#[derive(Clone, Debug)]
pub enum Source {
    /// The offline planner.
    Planner,
    /// An endpoint that is compatible with OpenAI's chat completions.
    OpenAi(Endpoint),
}

impl Source {
    /// An endpoint such as `http://127.0.0.1:11434/v1`, with the key that it may want.
    #[must_use]
    pub fn open_ai(url: &str, key: Option<String>, http: reqwest::Client) -> Self {
        Self::OpenAi(Endpoint::new(url, key, http))
    }

    /// The same, whose endpoint is asked for `model` whichever a request names: it does not know the ids of Bedrock.
    #[must_use]
    pub fn with_model(self, model: impl Into<String>) -> Self {
        match self {
            Self::OpenAi(endpoint) => Self::OpenAi(endpoint.with_model(model.into())),
            Self::Planner => Self::Planner,
        }
    }

    /// The events of the reply to `body`, a Converse request for `model`, after Bedrock's checks.
    pub(super) async fn events(&self, model: &str, body: &Value) -> Result<Events, ModelError> {
        let refused = |error: &dyn std::fmt::Display| ModelError::Refused(error.to_string());
        validate(body).map_err(|invalid| refused(&invalid))?;
        let request: Request =
            serde_json::from_value(body.clone()).map_err(|error| refused(&error))?;
        match self {
            Self::Planner => Ok(pieces(planner::plan(&request))),
            Self::OpenAi(endpoint) => endpoint.events(model, &request).await,
        }
    }
}

/// A reply of the planner, word by word as a model's.
fn pieces(reply: planner::Reply) -> Events {
    let mut events = Vec::new();
    for text in reply.text.split_inclusive([' ', '\n']) {
        let text = text.to_owned();
        events.push(StreamEvent::Text { block: 0, text });
    }
    let calls = !reply.calls.is_empty();
    for (block, (name, arguments)) in (1_u32..).zip(reply.calls) {
        // The conversation gives it an id of its own where it already has one like it.
        let id = format!("planned_{block}");
        events.push(StreamEvent::Call { block, id, name });
        let json = Value::Object(arguments).to_string();
        for json in json.split_inclusive(',') {
            let json = json.to_owned();
            events.push(StreamEvent::Arguments { block, json });
        }
    }
    events.push(StreamEvent::Stop(if calls {
        StopReason::ToolUse
    } else {
        StopReason::EndTurn
    }));
    // The planner reads and writes no tokens.
    events.push(StreamEvent::Usage(Usage::default()));
    stream::iter(events).map(Ok).boxed()
}

/// A model on this machine, behind the same checks as the HTTP service, without the HTTP.
#[derive(Clone, Debug)]
pub struct LocalModel {
    id: String,
    source: Source,
}

impl LocalModel {
    /// The model `id` of `source`; the planner ignores the id.
    #[must_use]
    pub fn new(id: impl Into<String>, source: Source) -> Self {
        Self {
            id: id.into(),
            source,
        }
    }
}

impl Model for LocalModel {
    fn id(&self) -> &str {
        &self.id
    }

    async fn reply(
        &self,
        request: &Request,
        heard: &mut (dyn FnMut(Heard<'_>) + Send),
    ) -> Result<ModelReply, ModelError> {
        let body = serde_json::to_value(request)
            .map_err(|error| ModelError::Refused(error.to_string()))?;
        let mut events = soon(self.source.events(&self.id, &body)).await??;
        let mut assembly = Assembly::default();
        while let Some(event) = soon(events.next()).await? {
            assembly.take(event?, heard);
        }
        assembly.finish()
    }
}
