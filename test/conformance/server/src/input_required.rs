#![expect(
    deprecated,
    reason = "sampling and roots are deprecated in 2026-07-28, and part of what the suite requires"
)]

use std::time::Duration;

use mcp_lambda::Caller;
use rmcp::handler::server::common::FromContextPart;
use rmcp::handler::server::tool::ToolCallContext;
use rmcp::model::{
    CallToolResponse, CallToolResult, ContentBlock, CreateMessageRequest,
    CreateMessageRequestParams, ElicitRequest, ElicitRequestParams, InputRequest, InputRequests,
    InputRequiredResult, InputResponses, JsonObject, ListRootsRequest, SamplingMessage,
    SealOptions,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, tool, tool_router};
use serde_json::{Value, json};

use crate::server::Conformance;

/// How long a client may take for one round.
const ROUND: Duration = Duration::from_secs(300);

/// What a retried call brings along: the answers to what it was asked for, and the state that it was given.
pub(crate) struct Round {
    /// Caller, tool and arguments; state that was given for another call does not open.
    call: Vec<u8>,
    answers: Option<InputResponses>,
    state: Option<String>,
}

impl FromContextPart<ToolCallContext<'_, Conformance>> for Round {
    fn from_context_part(
        context: &mut ToolCallContext<'_, Conformance>,
    ) -> Result<Self, ErrorData> {
        let caller = Caller::from_context_part(context)?;
        let arguments = Value::Object(context.arguments.clone().unwrap_or_default());
        Ok(Self {
            call: format!("{}\n{}\n{arguments}", caller.subject(), context.name).into_bytes(),
            answers: context.input_responses.take(),
            state: context.request_state.take(),
        })
    }
}

impl Round {
    pub(crate) fn answer(&self, key: &str) -> Option<&JsonObject> {
        answer(self.answers.as_ref(), key)
    }
}

/// Tools that take several rounds: they answer with what they need, and the client calls again (2026-07-28).
#[tool_router(router = input_required_tools, vis = "pub(crate)")]
impl Conformance {
    #[tool(description = "Needs the user's name")]
    fn test_input_required_result_elicitation(
        &self,
        round: Round,
    ) -> Result<CallToolResponse, ErrorData> {
        match round.answer("user_name") {
            Some(name) => Ok(done(format!("Hello, {}!", content_text(name, "name")))),
            None => Ok(asks([("user_name", ask_name()?)])),
        }
    }

    #[tool(description = "Needs an answer of the client's model")]
    fn test_input_required_result_sampling(&self, round: Round) -> CallToolResponse {
        match round.answer("capital_question") {
            Some(answer) => done(format!("The model says: {}", content_text(answer, "text"))),
            None => asks([(
                "capital_question",
                ask_model("What is the capital of France?"),
            )]),
        }
    }

    #[tool(description = "Needs the client's roots")]
    fn test_input_required_result_list_roots(&self, round: Round) -> CallToolResponse {
        match round.answer("client_roots") {
            Some(answer) => {
                let roots = answer
                    .get("roots")
                    .and_then(Value::as_array)
                    .map(Vec::as_slice)
                    .unwrap_or_default();
                let uris: Vec<_> = roots
                    .iter()
                    .filter_map(|root| root.get("uri")?.as_str())
                    .collect();
                done(format!("Client roots: {}", uris.join(", ")))
            }
            None => asks([("client_roots", ask_roots())]),
        }
    }

    #[tool(description = "Needs a confirmation, and its own state back")]
    fn test_input_required_result_request_state(
        &self,
        round: Round,
    ) -> Result<CallToolResponse, ErrorData> {
        self.confirm(&round)
    }

    #[tool(description = "Needs a confirmation, and refuses state that was tampered with")]
    fn test_input_required_result_tampered_state(
        &self,
        round: Round,
    ) -> Result<CallToolResponse, ErrorData> {
        self.confirm(&round)
    }

    #[tool(description = "Needs three inputs at once")]
    fn test_input_required_result_multiple_inputs(
        &self,
        round: Round,
    ) -> Result<CallToolResponse, ErrorData> {
        let stage = self.open(&round)?;
        let complete = ["user_name", "greeting", "client_roots"]
            .iter()
            .all(|key| round.answer(key).is_some());
        if stage.is_some() && complete {
            return Ok(done("All inputs received"));
        }
        let asked = [
            ("user_name", ask_name()?),
            ("greeting", ask_model("Generate a greeting")),
            ("client_roots", ask_roots()),
        ];
        self.seal(&round, 1, asked)
    }

    #[tool(description = "Needs two inputs, one after the other")]
    fn test_input_required_result_multi_round(
        &self,
        round: Round,
    ) -> Result<CallToolResponse, ErrorData> {
        let color = || {
            ask_form(
                "Step 2: which color?",
                json!({ "color": { "type": "string" } }),
                json!(["color"]),
            )
        };
        match self.open(&round)? {
            Some(1) if round.answer("step1").is_some() => {
                self.seal(&round, 2, [("step2", color()?)])
            }
            Some(2) if round.answer("step2").is_some() => Ok(done("Both steps are done")),
            Some(2) => self.seal(&round, 2, [("step2", color()?)]),
            _ => self.seal(&round, 1, [("step1", ask_name()?)]),
        }
    }

    #[tool(description = "Asks only for what the client has declared it can give")]
    fn test_input_required_result_capabilities(
        &self,
        round: Round,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let capabilities = context.client_capabilities().unwrap_or_default();
        let mut asked = Vec::new();
        if capabilities.elicitation.is_some() {
            asked.push(("user_name", ask_name()?));
        }
        if capabilities.sampling.is_some() {
            asked.push(("greeting", ask_model("Generate a greeting")));
        }
        if capabilities.roots.is_some() {
            asked.push(("client_roots", ask_roots()));
        }
        asked.retain(|(key, _)| round.answer(key).is_none());
        Ok(if asked.is_empty() {
            done("Nothing more is needed")
        } else {
            asks(asked)
        })
    }

    #[tool(description = "Needs a value of the user, on a response stream")]
    fn test_streaming_elicitation(&self, round: Round) -> Result<CallToolResponse, ErrorData> {
        match round.answer("value") {
            Some(value) => Ok(done(format!("Value: {}", content_text(value, "value")))),
            None => {
                let question = ask_form(
                    "A value, please",
                    json!({ "value": { "type": "string" } }),
                    json!(["value"]),
                )?;
                Ok(asks([("value", question)]))
            }
        }
    }

    fn confirm(&self, round: &Round) -> Result<CallToolResponse, ErrorData> {
        if self.open(round)?.is_some() && round.answer("confirm").is_some() {
            return Ok(done("Confirmed: state-ok"));
        }
        let question = ask_form(
            "Please confirm",
            json!({ "ok": { "type": "boolean" } }),
            json!(["ok"]),
        )?;
        self.seal(round, 1, [("confirm", question)])
    }

    /// The stage that the call's state says it has come to; none on the first round.
    fn open(&self, round: &Round) -> Result<Option<u32>, ErrorData> {
        let Some(sealed) = &round.state else {
            return Ok(None);
        };
        self.request_state
            .open_json_with(sealed, &round.call)
            .map(Some)
            .map_err(|error| {
                ErrorData::invalid_params(format!("requestState is refused: {error}"), None)
            })
    }

    fn seal<const N: usize>(
        &self,
        round: &Round,
        stage: u32,
        asked: [(&str, InputRequest); N],
    ) -> Result<CallToolResponse, ErrorData> {
        let state = self
            .request_state
            .seal_json_with(
                &stage,
                &SealOptions::new().associated_data(&round.call).ttl(ROUND),
            )
            .map_err(|error| ErrorData::internal_error(format!("requestState: {error}"), None))?;
        Ok(InputRequiredResult::new(Some(requests(asked)), Some(state)).into())
    }
}

/// The answer to one question, if it has the shape of a result at all; anything else is asked for again.
pub(crate) fn answer<'a>(answers: Option<&'a InputResponses>, key: &str) -> Option<&'a JsonObject> {
    answers?.get(key)?.as_object()
}

/// Text of one field of an answer's `content`.
pub(crate) fn content_text<'a>(answer: &'a JsonObject, field: &str) -> &'a str {
    answer
        .get("content")
        .and_then(|content| content.get(field))
        .and_then(Value::as_str)
        .unwrap_or("(nothing)")
}

/// A question to the user, as a form with these fields.
pub(crate) fn ask_form(
    message: &str,
    properties: Value,
    required: Value,
) -> Result<InputRequest, ErrorData> {
    let schema = json!({ "type": "object", "properties": properties, "required": required });
    let request = ElicitRequestParams::FormElicitationParams {
        meta: None,
        message: message.to_owned(),
        requested_schema: serde_json::from_value(schema).map_err(|error| {
            ErrorData::internal_error(format!("elicitation schema: {error}"), None)
        })?,
    };
    Ok(InputRequest::Elicitation(ElicitRequest::new(request)))
}

pub(crate) fn ask_name() -> Result<InputRequest, ErrorData> {
    ask_form(
        "What is your name?",
        json!({ "name": { "type": "string" } }),
        json!(["name"]),
    )
}

fn ask_model(prompt: &str) -> InputRequest {
    let request = CreateMessageRequestParams::new(vec![SamplingMessage::user_text(prompt)], 100);
    InputRequest::CreateMessage(CreateMessageRequest::new(request))
}

fn ask_roots() -> InputRequest {
    InputRequest::ListRoots(ListRootsRequest::default())
}

pub(crate) fn asks<'a>(
    asked: impl IntoIterator<Item = (&'a str, InputRequest)>,
) -> CallToolResponse {
    InputRequiredResult::from_input_requests(requests(asked)).into()
}

fn requests<'a>(asked: impl IntoIterator<Item = (&'a str, InputRequest)>) -> InputRequests {
    asked
        .into_iter()
        .map(|(key, request)| (key.to_owned(), request))
        .collect()
}

fn done(text: impl Into<String>) -> CallToolResponse {
    CallToolResult::success(vec![ContentBlock::text(text)]).into()
}
