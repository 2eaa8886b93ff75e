//! Connects tasks to the guarded server: creates them, runs them and checks who may see them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CancelTaskParams, ClientCapabilities, GetTaskParams,
    GetTaskResult, UpdateTaskParams,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler};

use crate::guard::Guarded;
use crate::guard::tool_call::ToolFailure;
use crate::request_facts::RequestFacts;
use crate::state::requirements::TaskUse;
use crate::state::tasks::{Call, NotCreated, Tasks, Turn};
use crate::token::caller::Caller;
use crate::token::policy::Verdict;

impl<S: ServerHandler> Guarded<S> {
    /// Runs a tool in its request, or as a task if it declares one.
    pub(crate) async fn dispatch(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        if let Some(tasks) = &self.state.tasks
            && let Some(task_use) = tasks.use_of(&request.name)
        {
            return self.run_task(tasks, task_use, request, context).await;
        }
        self.run_in_request(request, context).await
    }

    /// Responds with a task if the client supports tasks, and otherwise with the tool's result; runs the tool if this
    /// call is the task.
    async fn run_task(
        &self,
        tasks: &Tasks,
        task_use: TaskUse,
        request: CallToolRequestParams,
        mut context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let facts = RequestFacts::of_mut(&mut context.extensions)?;
        if let Some(Turn::Work { stop }) = facts.state.turn.clone() {
            return tokio::select! {
                response = self.run_tool(request, context) => response.map_err(task_error),
                () = stop.notified() => Err(ErrorData::internal_error("nobody wants the result", None)),
            };
        }
        if !knows_tasks(&context)? {
            return if task_use.is_required {
                Err(ErrorData::missing_required_client_capability(
                    ClientCapabilities::builder().enable_tasks().build(),
                ))
            } else {
                self.run_in_request(request, context).await
            };
        }
        let call = Call::new(&request, &context);
        let caller = Arc::clone(&RequestFacts::of(&context.extensions)?.caller);
        if task_use.is_begun_by_tool {
            let begun = Arc::new(AtomicBool::new(false));
            let mut context = context.clone();
            RequestFacts::of_mut(&mut context.extensions)?.state.turn = Some(Turn::Request {
                begun: Arc::clone(&begun),
            });
            let response = self.run_in_request(request.clone(), context).await;
            if !begun.load(Ordering::Relaxed) {
                return response;
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

    pub(crate) async fn look_up_task(
        &self,
        request: GetTaskParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetTaskResult, ErrorData> {
        let Some(tasks) = &self.state.tasks else {
            return self.server.get_task(request, context).await;
        };
        let caller = &RequestFacts::of(&context.extensions)?.caller;
        let may_see = |tool: &str| self.may_see(tool, caller);
        let task = tasks.get(caller, &request.task_id, may_see).await?;
        Ok(GetTaskResult::new(task))
    }

    pub(crate) async fn answer_task(
        &self,
        request: UpdateTaskParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let Some(tasks) = &self.state.tasks else {
            return self.server.update_task(request, context).await;
        };
        let caller = &RequestFacts::of(&context.extensions)?.caller;
        let may_see = |tool: &str| self.may_see(tool, caller);
        tasks
            .update(caller, &request.task_id, &request.input_responses, may_see)
            .await
    }

    pub(crate) async fn end_task(
        &self,
        request: CancelTaskParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let Some(tasks) = &self.state.tasks else {
            return self.server.cancel_task(request, context).await;
        };
        let caller = &RequestFacts::of(&context.extensions)?.caller;
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

/// The error of a task that has failed: the model is not told of it in time.
fn task_error(failure: ToolFailure) -> ErrorData {
    match failure {
        ToolFailure::Told(text) => ErrorData::internal_error(text, None),
        ToolFailure::Error(error) => error,
    }
}

/// Whether the client that sends this request supports tasks.
fn knows_tasks(context: &RequestContext<RoleServer>) -> Result<bool, ErrorData> {
    let is_legacy = RequestFacts::of(&context.extensions)?.revision.is_legacy();
    let capabilities = context.client_capabilities();
    Ok(!is_legacy && capabilities.is_some_and(|capabilities| capabilities.supports_tasks()))
}
