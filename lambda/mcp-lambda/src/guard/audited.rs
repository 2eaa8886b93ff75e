//! Calls one tool, and writes the record of the call before its result goes back.

use std::borrow::Cow;

use mcp_lambda_contract::AuditOutcome;
use rmcp::model::{CallToolRequestParams, CallToolResponse};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler};

use crate::audit::AuditProblem;
use crate::guard::Guarded;
use crate::guard::tool_call::ToolFailure;
use crate::request_facts::RequestFacts;
use crate::telemetry::Outcome;

/// How a call ended, for its record.
struct Ended {
    outcome: AuditOutcome,
    reason: Option<Cow<'static, str>>,
}

impl<S: ServerHandler> Guarded<S> {
    /// Judges and runs a tool call. The result is returned only when the record of the call is written.
    pub(super) async fn call_and_record(
        &self,
        mut request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let facts = RequestFacts::of(&context.extensions)?;
        let (outcome, audit, deadline) =
            (facts.outcome.clone(), facts.audit.clone(), facts.deadline);
        let unrecorded = |problem: &AuditProblem| {
            let error = ErrorData::internal_error(problem.to_string(), None);
            outcome.error(error.code);
            error
        };
        audit
            .admit(deadline)
            .await
            .map_err(|problem| unrecorded(&problem))?;
        let tool = self
            .policy
            .knows(&request.name)
            .then(|| request.name.clone());
        let permitted = self.permit(&mut request, facts).await;
        let (response, refusal) = match permitted {
            Ok(()) => (outcome.active(self.dispatch(request, context)).await, None),
            Err((failure, reason)) => (failure.into_response(), Some(reason)),
        };
        match &response {
            Ok(CallToolResponse::Complete(result)) if result.is_error == Some(true) => {
                outcome.tool_error();
            }
            Ok(CallToolResponse::Task(_)) => outcome.task(),
            Ok(_) => {}
            Err(error) => outcome.error(error.code),
        }
        let Ended {
            outcome: ended,
            reason,
        } = Ended::of(&response, refusal, &outcome);
        let recorded = audit.record(tool.as_deref(), ended, reason.as_deref(), deadline);
        recorded.await.map_err(|problem| unrecorded(&problem))?;
        response
    }

    /// Checks what the caller may call and how often; otherwise the failure, and the name of its reason.
    async fn permit(
        &self,
        request: &mut CallToolRequestParams,
        facts: &RequestFacts,
    ) -> Result<(), (ToolFailure, &'static str)> {
        if let Err(failure) = self.judge(request, &facts.caller) {
            let reason = match failure {
                ToolFailure::Told(_) => "ArgumentsInvalid",
                ToolFailure::Error(_) if self.policy.knows(&request.name) => "InsufficientScope",
                ToolFailure::Error(_) => "ToolUnknown",
            };
            return Err((failure, reason));
        }
        if facts.state.is_work() {
            // The call that became the task was counted.
            return Ok(());
        }
        let limits = &self.state.limits;
        let counted = limits.tool_call(&request.name, &facts.caller, facts.deadline);
        counted.await.map_err(|refusal| {
            let reason = refusal.name();
            let text = refusal.to_string();
            match refusal.retry_after() {
                Some(seconds) => {
                    facts.outcome.limited(seconds);
                    (ToolFailure::Told(text), reason)
                }
                None => {
                    let error = ErrorData::internal_error(text, None);
                    (ToolFailure::Error(error), reason)
                }
            }
        })
    }
}

impl Ended {
    fn of(
        response: &Result<CallToolResponse, ErrorData>,
        refusal: Option<&'static str>,
        known: &Outcome,
    ) -> Self {
        let (outcome, reason) = match (response, refusal) {
            (_, Some(reason)) => (AuditOutcome::Refused, Some(reason.into())),
            (Ok(CallToolResponse::Complete(result)), None) if result.is_error == Some(true) => {
                let reason = known.is_stopped().then_some("DeadlineReached".into());
                (AuditOutcome::ToolError, reason)
            }
            (Ok(CallToolResponse::Task(_)), None) => (AuditOutcome::Task, None),
            (Ok(_), None) => (AuditOutcome::Ok, None),
            // The message may contain anything.
            (Err(error), None) => (AuditOutcome::Failed, Some(error.code.0.to_string().into())),
        };
        Self { outcome, reason }
    }
}
