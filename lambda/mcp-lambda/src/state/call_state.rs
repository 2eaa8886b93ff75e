//! Gives tool calls what they keep: the value of the conversation, the result cache, tasks.

use std::sync::Arc;

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, JsonObject,
    ServerCapabilities, TASKS_EXTENSION_ID,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde_json::{Value, json};

use crate::request_facts::RequestFacts;
use crate::state::cache::ResultCache;
use crate::state::caller_limits::CallerLimits;
use crate::state::requirements::{CacheUse, StateRequirements, StateUse};
use crate::state::session_state::{ARGUMENT, ValueSlot};
use crate::state::store::State;
use crate::state::tasks::Tasks;
use crate::telemetry::Cached;

/// What the tool calls of one server keep.
#[derive(Clone)]
pub(crate) struct CallState {
    /// `None` for a server that keeps nothing.
    pub(crate) tools: Option<Arc<ToolState>>,
    /// `None` for a server without tools that run as tasks.
    pub(crate) tasks: Option<Tasks>,
    pub(crate) limits: CallerLimits,
}

impl CallState {
    /// Advertises tasks.
    pub(crate) fn advertise(&self, capabilities: &mut ServerCapabilities) {
        if self.tasks.is_some() {
            let extensions = capabilities.extensions.get_or_insert_default();
            extensions.insert(TASKS_EXTENSION_ID.to_owned(), JsonObject::new());
        }
    }

    /// Calls the author's tool with what it declares.
    pub(crate) async fn call<S: ServerHandler>(
        &self,
        server: &S,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let Some(tools) = &self.tools else {
            return server.call_tool(request, context).await;
        };
        let uses = tools.requirements.tools.get(request.name.as_ref());
        match uses {
            Some(StateUse {
                cache: Some(cache), ..
            }) if tools.caches && !carries_input(&request) => {
                tools.call_cached(*cache, server, request, context).await
            }
            Some(uses) if uses.session.is_any() || uses.person.is_any() => {
                tools.call_with_values(uses, server, request, context).await
            }
            Some(_) | None => server.call_tool(request, context).await,
        }
    }
}

/// The session values and the result cache of one server.
pub(crate) struct ToolState {
    state: State,
    cache: ResultCache,
    /// Whether the deployment has left the result cache on.
    caches: bool,
    requirements: StateRequirements,
}

impl ToolState {
    pub(crate) fn new(
        state: State,
        cache: ResultCache,
        caches: bool,
        requirements: StateRequirements,
    ) -> Self {
        Self {
            state,
            cache,
            caches,
            requirements,
        }
    }

    /// Returns a cached result, or calls the tool and stores its result.
    async fn call_cached<S: ServerHandler>(
        &self,
        cached: CacheUse,
        server: &S,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let facts = RequestFacts::of(&context.extensions)?;
        let client_asked = facts.state.client_asked.clone();
        let outcome = facts.outcome.clone();
        let seconds = cached.seconds;
        let entry = self
            .cache
            .entry(cached, &facts.caller, &request, facts.deadline);
        if let Some((result, age)) = entry.result().await {
            let age = Some(age);
            outcome.cache(Cached { seconds, age });
            return Ok(result.into());
        }
        outcome.cache(Cached { seconds, age: None });
        let response = server.call_tool(request, context).await?;
        // The client's responses are not part of the arguments, so no other call may get this result.
        let depends_on_client = client_asked.is_some_and(|asked| asked.was_asked());
        if let CallToolResponse::Complete(result) = &response
            && !depends_on_client
        {
            entry.keep(result).await;
        }
        Ok(response)
    }

    /// Calls the tool with the values of its conversation and of its caller.
    async fn call_with_values<S: ServerHandler>(
        &self,
        uses: &StateUse,
        server: &S,
        mut request: CallToolRequestParams,
        mut context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let facts = RequestFacts::of_mut(&mut context.extensions)?;
        let caller = facts.caller.as_ref().clone();
        if uses.person.is_any() {
            facts.state.person = Some(Arc::new(ValueSlot::of_caller(
                self.state.clone(),
                caller.clone(),
                facts.deadline,
                self.requirements.person_time_to_live,
                uses.person,
            )));
        }
        if uses.session.is_any() {
            let slot = ValueSlot::new(
                self.state.clone(),
                caller,
                facts.deadline,
                self.requirements.session_time_to_live,
                uses.session,
                facts.state.session_id.clone(),
                take_handle(&mut request)?,
            );
            let found = facts.state.session_item.take().map(Arc::unwrap_or_clone);
            facts.state.session = Some(Arc::new(slot.with_found(found)));
        }
        let session = facts.state.session.clone();
        let mut response = server.call_tool(request, context).await?;
        if let CallToolResponse::Complete(result) = &mut response
            && let Some((handle, is_new)) = session.and_then(|session| session.handle())
        {
            tell(result, handle, is_new);
        }
        Ok(response)
    }
}

/// Takes the handle out of the arguments.
fn take_handle(request: &mut CallToolRequestParams) -> Result<Option<String>, ErrorData> {
    let arguments = request.arguments.as_mut();
    match arguments.and_then(|arguments| arguments.remove(ARGUMENT)) {
        None | Some(Value::Null) => Ok(None),
        // Some models fill in every argument.
        Some(Value::String(handle)) => Ok(Some(handle).filter(|handle| !handle.is_empty())),
        Some(_) => Err(ErrorData::invalid_params(
            format!("{ARGUMENT} must be a text"),
            None,
        )),
    }
}

/// Whether the request carries the client's responses to an `InputRequiredResult`. They are not part of the arguments,
/// so this call neither uses nor fills the cache.
fn carries_input(request: &CallToolRequestParams) -> bool {
    request.input_responses.is_some() || request.request_state.is_some()
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
