//! Connects tasks to the guarded server: creates them, runs them and checks who may see them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CancelTaskParams, ClientCapabilities, GetTaskParams,
    GetTaskResult, JsonObject, ProtocolVersion, ServerCapabilities, TASKS_EXTENSION_ID,
    UpdateTaskParams,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler};

use crate::guard::Guarded;
use crate::guard::tool_call::Late;
use crate::state::TaskUse;
use crate::tasks::{Call, NotCreated, Tasks, Turn};
use crate::token::caller::Caller;
use crate::token::policy::Verdict;

/// Advertises that the server has tasks.
pub(crate) fn advertise(capabilities: &mut ServerCapabilities) {
    let extensions = capabilities.extensions.get_or_insert_default();
    extensions.insert(TASKS_EXTENSION_ID.to_owned(), JsonObject::new());
}

impl<S: ServerHandler> Guarded<S> {
    /// Responds with a task if the client supports tasks, and otherwise with the tool's result; runs the tool if this
    /// call is the task.
    pub(crate) async fn called_as_task(
        &self,
        tasks: &Tasks,
        task_use: TaskUse,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        if let Some(Turn::Work { stop }) = Turn::of(&context.extensions).cloned() {
            return tokio::select! {
                // The client was not told in time: the task has failed, not the tool.
                answer = self.run(request, context) => {
                    answer.unwrap_or_else(|Late(text)| Err(ErrorData::internal_error(text, None)))
                }
                () = stop.notified() => Err(ErrorData::internal_error("nobody wants the result", None)),
            };
        }
        if !knows_tasks(&context) {
            return if task_use.is_required {
                Err(ErrorData::missing_required_client_capability(
                    ClientCapabilities::builder().enable_tasks().build(),
                ))
            } else {
                self.run_in_request(request, context).await
            };
        }
        let call = Call::new(&request, &context);
        let caller = Caller::of(&context.extensions)?.clone();
        if task_use.is_begun_by_tool {
            let begun = Arc::new(AtomicBool::new(false));
            let mut context = context.clone();
            Turn::Request {
                begun: Arc::clone(&begun),
            }
            .set(&mut context.extensions);
            let answer = self.run_in_request(request.clone(), context).await;
            if !begun.load(Ordering::Relaxed) {
                return answer;
            }
        }
        match tasks.create(&caller, &call, task_use).await {
            Ok(task) => Ok(CallToolResponse::Task(task)),
            Err(NotCreated::Failed(error)) => Err(error),
            Err(NotCreated::TooLarge) if task_use.is_required => Err(ErrorData::invalid_params(
                "the arguments are larger than the server's state table takes",
                None,
            )),
            Err(NotCreated::TooLarge) => self.run_in_request(request, context).await,
        }
    }

    pub(crate) async fn looked_up(
        &self,
        request: GetTaskParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetTaskResult, ErrorData> {
        let Some(tasks) = &self.tasks else {
            return self.server.get_task(request, context).await;
        };
        let caller = Caller::of(&context.extensions)?;
        let may_see = |tool: &str| self.may_see(tool, caller);
        let task = tasks.get(caller, &request.task_id, may_see).await?;
        Ok(GetTaskResult::new(task))
    }

    pub(crate) async fn updated(
        &self,
        request: UpdateTaskParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let Some(tasks) = &self.tasks else {
            return self.server.update_task(request, context).await;
        };
        let caller = Caller::of(&context.extensions)?;
        let may_see = |tool: &str| self.may_see(tool, caller);
        tasks
            .update(caller, &request.task_id, &request.input_responses, may_see)
            .await
    }

    pub(crate) async fn cancelled(
        &self,
        request: CancelTaskParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let Some(tasks) = &self.tasks else {
            return self.server.cancel_task(request, context).await;
        };
        let caller = Caller::of(&context.extensions)?;
        tasks.cancel(caller, &request.task_id).await
    }

    /// Checks that the caller's access token permits the tool of the requested task.
    fn may_see(&self, tool: &str, caller: &Caller) -> Result<(), ErrorData> {
        match self.policy.judge(tool, caller) {
            Verdict::Allowed => Ok(()),
            Verdict::NeedsScopes(scopes) => Err(ErrorData::invalid_request(
                format!("a task of tool {tool} needs the scope {}", scopes.join(" ")),
                None,
            )),
            Verdict::UnknownTool => Err(ErrorData::invalid_params(
                format!("there is no tool {tool:?} any more"),
                None,
            )),
        }
    }
}

/// Whether the client that sends this request supports tasks.
fn knows_tasks(context: &RequestContext<RoleServer>) -> bool {
    let is_modern = context
        .protocol_version()
        .is_some_and(|version| version.as_str() >= ProtocolVersion::V_2026_07_28.as_str());
    is_modern
        && context
            .client_capabilities()
            .is_some_and(|capabilities| capabilities.supports_tasks())
}
