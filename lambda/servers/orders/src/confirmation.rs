//! Asks the person to confirm an order, in every way in which MCP clients can.

use rmcp::handler::server::common::FromContextPart;
use rmcp::handler::server::tool::ToolCallContext;
use rmcp::model::{
    ClientCapabilities, ElicitRequest, ElicitRequestParams, ElicitResult, ElicitationAction,
    ElicitationSchema, InputRequest, InputRequiredResult, InputResponses, ProtocolVersion,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer};
use serde_json::json;

/// The name of the question, and of the field of its form.
const CONFIRM: &str = "confirm";

/// What a call of a client of 2026-07-28 brings along that was asked before: its response, and what it was asked about.
#[derive(Debug)]
pub(crate) struct Round {
    responses: Option<InputResponses>,
    asked_about: Option<String>,
}

impl<S> FromContextPart<ToolCallContext<'_, S>> for Round {
    fn from_context_part(context: &mut ToolCallContext<'_, S>) -> Result<Self, ErrorData> {
        Ok(Self {
            responses: context.input_responses.take(),
            asked_about: context.request_state.take(),
        })
    }
}

/// What the person says.
pub(crate) enum Confirmation {
    /// Yes.
    Given,
    /// The client cannot ask: its own approval of the call is all there is.
    CannotBeAsked,
    /// No.
    Refused,
    /// The client has to ask, and to call again (2026-07-28).
    Needed(Box<InputRequiredResult>),
    /// The client did not ask, and says why.
    Failed(String),
}

/// Asks for a confirmation of `question`. `about` identifies what is asked: a response to another question counts for nothing.
///
/// Neither the question nor its state is sealed: the client belongs to the person who pays, and could deceive no other.
pub(crate) async fn confirm(
    context: &RequestContext<RoleServer>,
    round: &Round,
    question: &str,
    about: &str,
) -> Confirmation {
    if !context.client_capabilities().is_some_and(can_show_forms) {
        return Confirmation::CannotBeAsked;
    }
    let request = match form(question) {
        Ok(request) => request,
        Err(problem) => return Confirmation::Failed(problem),
    };
    let is_modern = context
        .protocol_version()
        .is_some_and(|version| version.as_str() >= ProtocolVersion::V_2026_07_28.as_str());
    if is_modern {
        let given = round.responses.as_ref().and_then(|all| all.get(CONFIRM));
        return match given {
            Some(response) if round.asked_about.as_deref() == Some(about) => {
                match serde_json::from_value(response.clone()) {
                    Ok(result) => decision(&result),
                    Err(problem) => Confirmation::Failed(problem.to_string()),
                }
            }
            _ => {
                let asks = [(
                    CONFIRM.to_owned(),
                    InputRequest::Elicitation(ElicitRequest::new(request)),
                )];
                let asks = InputRequiredResult::new(Some(asks.into()), Some(about.to_owned()));
                Confirmation::Needed(Box::new(asks))
            }
        };
    }
    match context.peer.create_elicitation(request).await {
        Ok(result) => decision(&result),
        Err(problem) => Confirmation::Failed(problem.to_string()),
    }
}

fn can_show_forms(capabilities: ClientCapabilities) -> bool {
    // A client that names no mode shows forms (2025-06-18).
    capabilities
        .elicitation
        .is_some_and(|modes| modes.form.is_some() || modes.url.is_none())
}

fn decision(result: &ElicitResult) -> Confirmation {
    let agreed = || result.content.as_ref()?.get(CONFIRM)?.as_bool();
    if result.action == ElicitationAction::Accept && agreed() == Some(true) {
        Confirmation::Given
    } else {
        Confirmation::Refused
    }
}

fn form(question: &str) -> Result<ElicitRequestParams, String> {
    let schema = json!({
        "type": "object",
        "properties": {
            CONFIRM: { "type": "boolean", "title": "Place this order", "default": true }
        },
        "required": [CONFIRM]
    });
    let schema: ElicitationSchema =
        serde_json::from_value(schema).map_err(|problem| problem.to_string())?;
    Ok(ElicitRequestParams::FormElicitationParams {
        meta: None,
        message: question.to_owned(),
        requested_schema: schema,
    })
}
