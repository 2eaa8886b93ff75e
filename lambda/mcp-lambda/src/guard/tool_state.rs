//! Provides the session value and the result cache to tool calls.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use mcp_lambda_contract::ServerInfo;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Extensions,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde_json::{Value, json};

use crate::cache::ResultCache;
use crate::mcp_session::ClientAsked;
use crate::runtime::deadline::Deadline;
use crate::runtime::log::Log;
use crate::session::{ARGUMENT, ConversationId, SessionPlace};
use crate::state::{SessionUse, State, StateUse};
use crate::token::caller::Caller;

/// The session values and the result cache of one server, applied around each call.
#[derive(Clone)]
pub(crate) struct ToolState {
    state: State,
    cache: ResultCache,
    uses: Arc<BTreeMap<String, StateUse>>,
    session_time_to_live: Duration,
}

impl ToolState {
    pub(crate) fn new(
        state: State,
        server: ServerInfo,
        uses: BTreeMap<String, StateUse>,
        session_time_to_live: Duration,
        log: Log,
    ) -> Self {
        Self {
            cache: ResultCache::new(state.clone(), server, log),
            state,
            uses: Arc::new(uses),
            session_time_to_live,
        }
    }

    /// Calls the tool with its `Session` in the context, or returns a cached result.
    pub(crate) async fn call<S: ServerHandler>(
        &self,
        server: &S,
        mut request: CallToolRequestParams,
        mut context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let uses = self.uses.get(request.name.as_ref()).cloned();
        let StateUse { session, cache, .. } = uses.unwrap_or_default();
        if let Some(cached) = cache
            && !carries_input(&request)
        {
            let client_asked = ClientAsked::of(&context.extensions);
            let caller = Caller::of(&context.extensions)?;
            let deadline = Deadline::of(&context.extensions);
            let entry = self.cache.entry(cached, caller, &request, deadline);
            if let Some(result) = entry.result().await {
                return Ok(result.into());
            }
            let response = server.call_tool(request, context).await?;
            // The client's responses are not part of the arguments, so no other call may get this result.
            let depends_on_client = client_asked.is_some_and(|asked| asked.was_asked());
            if let CallToolResponse::Complete(result) = &response
                && !depends_on_client
            {
                entry.keep(result).await;
            }
            return Ok(response);
        }
        if !session.is_any() {
            return server.call_tool(request, context).await;
        }
        let place = self.place(session, &mut request, &context.extensions)?;
        context.extensions.insert(Arc::clone(&place));
        let mut response = server.call_tool(request, context).await?;
        if let CallToolResponse::Complete(result) = &mut response
            && let Some((handle, is_new)) = place.handle()
        {
            tell(result, handle, is_new);
        }
        Ok(response)
    }

    fn place(
        &self,
        session: SessionUse,
        request: &mut CallToolRequestParams,
        extensions: &Extensions,
    ) -> Result<Arc<SessionPlace>, ErrorData> {
        let given = request.arguments.as_mut();
        let handle = match given.and_then(|arguments| arguments.remove(ARGUMENT)) {
            None | Some(Value::Null) => None,
            // Some models fill in every argument.
            Some(Value::String(handle)) => Some(handle).filter(|handle| !handle.is_empty()),
            Some(_) => {
                return Err(ErrorData::invalid_params(
                    format!("{ARGUMENT} must be a text"),
                    None,
                ));
            }
        };
        Ok(Arc::new(SessionPlace::new(
            self.state.clone(),
            Caller::of(extensions)?.clone(),
            Deadline::of(extensions),
            self.session_time_to_live,
            session,
            conversation_id(extensions),
            handle,
        )))
    }
}

/// Whether the request carries the client's responses to an `InputRequiredResult`. They are not part of the arguments,
/// so this call neither uses nor fills the cache.
fn carries_input(request: &CallToolRequestParams) -> bool {
    request.input_responses.is_some() || request.request_state.is_some()
}

/// The session id of the request, if it has one.
pub(crate) fn conversation_id(extensions: &Extensions) -> Option<ConversationId> {
    let parts = extensions.get::<http::request::Parts>()?;
    parts.extensions.get::<ConversationId>().cloned()
}

/// Adds the handle to the result: as a member for programs and, if it is new, as text for the model.
fn tell(result: &mut CallToolResult, handle: String, is_new: bool) {
    if is_new {
        result.content.push(ContentBlock::text(format!(
            "Pass {ARGUMENT} = {} to the next call of this server, so that it finds what belongs to this conversation.",
            json!(handle)
        )));
    }
    if let Some(Value::Object(members)) = &mut result.structured_content {
        members.insert(ARGUMENT.to_owned(), Value::String(handle));
    }
}
