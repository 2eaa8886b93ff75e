//! Judges and runs one tool call, in the request or as a task, until its deadline.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use rmcp::model::{CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock};
#[cfg(not(feature = "dynamodb"))]
use rmcp::model::{CancelTaskParams, GetTaskParams, GetTaskResult, UpdateTaskParams};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde_json::json;

use crate::guard::Guarded;
use crate::guard::integers::read_as_declared;
use crate::runtime::deadline::Deadline;
use crate::token::caller::Caller;
use crate::token::policy::Verdict;

/// The tool did not finish before the deadline; holds the message for the caller.
pub(crate) struct Late(pub(crate) String);

/// Runs tools, in the request or as a task.
impl<S: ServerHandler> Guarded<S> {
    pub(crate) async fn called(
        &self,
        mut request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let name = &request.name;
        // The endpoint has checked this already, to respond with 403; this check cannot be bypassed.
        match self.policy.judge(name, Caller::of(&context.extensions)?) {
            Verdict::Allowed => {}
            Verdict::NeedsScopes(scopes) => {
                return Err(ErrorData::invalid_request(
                    format!("tool {name} needs the scope {}", scopes.join(" ")),
                    None,
                ));
            }
            Verdict::UnknownTool => {
                return Err(ErrorData::invalid_params(
                    format!("there is no tool {name:?}"),
                    None,
                ));
            }
        }
        if let Some(arguments) = &mut request.arguments
            && let Some(schema) = self.schemas.get(name)
            && let Err(problem) = read_as_declared(schema, arguments)
        {
            return Ok(tool_error(problem));
        }
        #[cfg(feature = "dynamodb")]
        if let Some(tasks) = &self.tasks
            && let Some(task_use) = tasks.use_of(name)
        {
            return self.called_as_task(tasks, task_use, request, context).await;
        }
        self.run_in_request(request, context).await
    }

    pub(crate) async fn run_in_request(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        match self.run(request, context).await {
            Ok(answer) => answer,
            Err(Late(text)) => Ok(tool_error(text)),
        }
    }

    /// Runs the author's tool until it returns, panics or reaches the deadline.
    pub(crate) async fn run(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<Result<CallToolResponse, ErrorData>, Late> {
        let name = request.name.clone();
        let end = Deadline::of(&context.extensions).for_tool();
        let call = AssertUnwindSafe(self.run_tool(request, context)).catch_unwind();
        let outcome = match end {
            None => call.await,
            Some(end) => match tokio::time::timeout_at(end, call).await {
                Ok(outcome) => outcome,
                Err(_) => {
                    self.log.error(
                        "a tool did not finish before the deadline",
                        &json!({ "tool": name }),
                    );
                    let text = format!("tool {name} did not finish before the server's deadline");
                    return Err(Late(text));
                }
            },
        };
        Ok(outcome.unwrap_or_else(|_| {
            self.log.error("a tool panicked", &json!({ "tool": name }));
            Ok(tool_error(format!("tool {name} failed unexpectedly")))
        }))
    }

    async fn run_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        #[cfg(feature = "dynamodb")]
        if let Some(tool_state) = &self.tool_state {
            return tool_state.call(&*self.server, request, context).await;
        }
        self.server.call_tool(request, context).await
    }
}

/// Without the library's tasks the author's server may have its own.
#[cfg(not(feature = "dynamodb"))]
impl<S: ServerHandler> Guarded<S> {
    pub(crate) async fn looked_up(
        &self,
        request: GetTaskParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetTaskResult, ErrorData> {
        self.server.get_task(request, context).await
    }

    pub(crate) async fn updated(
        &self,
        request: UpdateTaskParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.server.update_task(request, context).await
    }

    pub(crate) async fn cancelled(
        &self,
        request: CancelTaskParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.server.cancel_task(request, context).await
    }
}

fn tool_error(text: String) -> CallToolResponse {
    CallToolResult::error(vec![ContentBlock::text(text)]).into()
}
