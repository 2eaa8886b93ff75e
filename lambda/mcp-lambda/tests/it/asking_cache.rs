//! A server whose tools have results for everyone and ask the caller all the same.
#![expect(
    deprecated,
    reason = "sampling is what clients of older revisions have"
)]

use std::time::Duration;

use mcp_lambda::{Caller, Definition, ToolPolicy};
use rmcp::handler::server::common::FromContextPart;
use rmcp::handler::server::tool::ToolCallContext;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{
    CallToolResponse, CallToolResult, ContentBlock, CreateMessageRequestParams,
    InputRequiredResult, InputResponses, Role, SamplingMessage,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler, schemars, tool, tool_handler, tool_router};
use serde::Deserialize;

pub(crate) struct AskingCache;

#[derive(Deserialize, schemars::JsonSchema)]
struct Choice {
    #[serde(default)]
    decided: bool,
}

/// What the client brings along in a later round.
struct Round(InputResponses, Option<String>);

impl FromContextPart<ToolCallContext<'_, AskingCache>> for Round {
    fn from_context_part(
        context: &mut ToolCallContext<'_, AskingCache>,
    ) -> Result<Self, ErrorData> {
        let answers = context.input_responses.take().unwrap_or_default();
        Ok(Self(answers, context.request_state.take()))
    }
}

impl Round {
    fn color(&self) -> Option<&str> {
        let answer = self.0.get("color");
        answer
            .and_then(|answer| answer["content"]["color"].as_str())
            .or(self.1.as_deref())
    }
}

#[tool_router]
impl AskingCache {
    #[tool(
        description = "Chooses, and asks the caller in its result",
        meta = ToolPolicy::scopes(&["tools"]).cached_for_everyone(Duration::from_secs(60)).meta()
    )]
    async fn chooses(
        &self,
        Parameters(Choice { decided }): Parameters<Choice>,
        caller: Caller,
        round: Round,
    ) -> CallToolResponse {
        let subject = caller.subject();
        match round.color() {
            Some(color) => text(&format!("{subject} chose {color}")),
            None if decided => text(&format!("{subject} has decided")),
            None => InputRequiredResult::from_request_state("asked").into(),
        }
    }

    #[tool(
        description = "Asks the caller's model while it runs",
        meta = ToolPolicy::scopes(&["tools"]).cached_for_everyone(Duration::from_secs(60)).meta()
    )]
    async fn asks(
        &self,
        caller: Caller,
        context: RequestContext<RoleServer>,
    ) -> Result<String, ErrorData> {
        let question =
            CreateMessageRequestParams::new(vec![SamplingMessage::new(Role::User, "why?")], 10);
        match context.peer.create_message(question).await {
            Ok(_) => Ok(format!("{} was asked", caller.subject())),
            Err(error) => Err(ErrorData::internal_error(error.to_string(), None)),
        }
    }
}

fn text(text: &str) -> CallToolResponse {
    CallToolResult::success(vec![ContentBlock::text(text)]).into()
}

#[tool_handler]
impl ServerHandler for AskingCache {}

pub(crate) fn definition() -> Definition<AskingCache> {
    Definition::new(
        "asking-cache",
        "1.0.0",
        AskingCache::tool_router().list_all(),
        |(), _| Ok(AskingCache),
    )
    .scope("tools", "Use the tools")
    .asks_clients()
}
