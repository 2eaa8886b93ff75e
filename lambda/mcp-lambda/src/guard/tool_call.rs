//! Judges and runs one tool call, in the request or as a task, until its deadline.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use rmcp::model::{CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde_json::json;

use crate::guard::Guarded;
use crate::guard::integers::read_as_declared;
use crate::request_facts::RequestFacts;
use crate::runtime::deadline::until;
use crate::telemetry::Outcome;
use crate::token::caller::Caller;
use crate::token::policy::Verdict;

/// A tool is stopped this much before the process ends, so that its last messages can be stored and sent.
const SHUTDOWN_MARGIN: Duration = Duration::from_secs(1);

/// Why a tool call has no result of the tool.
pub(crate) enum ToolFailure {
    /// Its arguments cannot be read, or it did not finish before the deadline. The model can do something about it.
    Told(String),
    /// The JSON-RPC error of the response.
    Error(ErrorData),
}

impl ToolFailure {
    /// The response to the call.
    pub(crate) fn into_response(self) -> Result<CallToolResponse, ErrorData> {
        match self {
            ToolFailure::Told(text) => Ok(tool_error(text)),
            ToolFailure::Error(error) => Err(error),
        }
    }
}

impl<S: ServerHandler> Guarded<S> {
    /// Checks that the caller may call the tool, and that the arguments are as the tool declares them.
    pub(crate) fn judge(
        &self,
        request: &mut CallToolRequestParams,
        caller: &Caller,
    ) -> Result<(), ToolFailure> {
        let name = &request.name;
        // The endpoint has checked the scopes already, to respond with 403; this check cannot be bypassed.
        match self.policy.judge(name, caller) {
            Verdict::Allowed => {}
            Verdict::NeedsScopes(scopes) => {
                return Err(ToolFailure::Error(ErrorData::invalid_request(
                    format!("tool {name} needs the scope {}", scopes.join(" ")),
                    None,
                )));
            }
            Verdict::UnknownTool => {
                return Err(ToolFailure::Error(ErrorData::invalid_params(
                    format!("there is no tool {name:?}"),
                    None,
                )));
            }
        }
        if let (Some(arguments), Some(schema)) = (&mut request.arguments, self.schemas.get(name)) {
            read_as_declared(schema, arguments);
        }
        match self.rules.get(name) {
            Some(rules) => rules
                .check(request.arguments.as_ref())
                .map_err(ToolFailure::Told),
            None => Ok(()),
        }
    }

    /// Runs the tool in the request of its call.
    pub(crate) async fn run_in_request(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let response = self.run_tool(request, context).await;
        response.or_else(ToolFailure::into_response)
    }

    /// Runs the author's tool until it returns, panics, is cancelled or reaches the deadline. A tool that does not return is
    /// dropped at its next `.await`.
    pub(crate) async fn run_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ToolFailure> {
        let name = request.name.clone();
        let facts = RequestFacts::of(&context.extensions).map_err(ToolFailure::Error)?;
        let (end, permit) = (
            self.audit.before(facts.deadline).for_tool(),
            facts.permit.clone(),
        );
        let outcome = facts.outcome.clone();
        let cancellation = context.ct.clone();
        let call =
            AssertUnwindSafe(self.state.call(&*self.server, request, context)).catch_unwind();
        let response = tokio::select! {
            biased;
            response = permit.given_back_on_wait(call) => response,
            () = until(end) => return Err(self.late(&name, &outcome)),
            () = self.shutdown.clone().ends_in(SHUTDOWN_MARGIN) => return Err(self.late(&name, &outcome)),
            () = cancellation.cancelled() => return Err(cancelled()),
        };
        match response {
            Ok(response) => response.map_err(ToolFailure::Error),
            Err(_) => {
                self.log.error("a tool panicked", &json!({ "tool": name }));
                Ok(tool_error(format!("tool {name} failed unexpectedly")))
            }
        }
    }

    /// The tool has not returned before the deadline.
    fn late(&self, name: &str, outcome: &Outcome) -> ToolFailure {
        outcome.stopped();
        let tool = json!({ "tool": name });
        self.log
            .error("a tool did not finish before the deadline", &tool);
        ToolFailure::Told(format!(
            "tool {name} did not finish before the server's deadline"
        ))
    }
}

/// Nobody gets it: the client has disconnected, or has cancelled the call.
fn cancelled() -> ToolFailure {
    ToolFailure::Error(ErrorData::internal_error(
        "the client has cancelled the call",
        None,
    ))
}

fn tool_error(text: String) -> CallToolResponse {
    CallToolResult::error(vec![ContentBlock::text(text)]).into()
}
