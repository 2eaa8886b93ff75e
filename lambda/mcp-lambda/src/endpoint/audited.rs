//! Completes the record of a tool call before its response leaves, whichever part of the library made the response.

use futures_util::FutureExt;
use http_body_util::BodyExt;
use mcp_lambda_contract::AuditOutcome;
use rmcp::model::{ErrorData, JsonRpcError, RequestId};

use crate::audit::AuditedCall;
use crate::endpoint::accept::EVENT_STREAM;
use crate::endpoint::media_type::media_type;
use crate::endpoint::message::Message;
use crate::endpoint::recorded_stream::RecordedBody;
use crate::endpoint::refusal::Refusal;
use crate::endpoint::reply::Reply;
use crate::request_facts::RequestFacts;
use crate::runtime::deadline::Deadline;
use crate::telemetry::Outcome;
use crate::token::policy::Policy;

/// The response to a tool call with an audit trail. The guard has written the record of a call that reached it; this writes
/// that of every other one.
#[derive(Clone)]
pub(crate) struct AuditedResponse {
    call: AuditedCall,
    id: Option<RequestId>,
    /// Absent if the server has no tool of that name.
    tool: Option<String>,
    /// rmcp takes the message for a request of an unknown method.
    is_malformed: bool,
    deadline: Deadline,
    outcome: Outcome,
}

impl AuditedResponse {
    /// `None` for a message that calls no tool, and without an audit trail.
    pub(crate) fn of(message: &Message, facts: &RequestFacts, policy: &Policy) -> Option<Self> {
        let tool = message.tool.as_deref();
        (message.calls_tool() && facts.audit.is_audited()).then(|| Self {
            call: facts.audit.clone(),
            id: message.id.clone(),
            tool: tool.filter(|tool| policy.knows(tool)).map(str::to_owned),
            is_malformed: message.malformed.is_some() || tool.is_none(),
            deadline: facts.deadline,
            outcome: facts.outcome.clone(),
        })
    }

    /// The reply, once the call has its record. The last event of a stream waits for it.
    pub(crate) async fn recorded(self, reply: Result<Reply, Refusal>) -> Result<Reply, Refusal> {
        let (outcome, reason) = match reply {
            Ok(Reply { response, tail }) if media_type(response.headers()) == EVENT_STREAM => {
                let response = response.map(|body| {
                    RecordedBody::new(body, move |code| {
                        let audited = self.clone();
                        async move { audited.record(code).await }.boxed()
                    })
                    .boxed()
                });
                return Ok(Reply { response, tail });
            }
            Ok(_) if self.is_malformed => (AuditOutcome::Refused, "ParamsMalformed"),
            Ok(_) => (AuditOutcome::Failed, "Engine"),
            Err(ref refusal) if refusal.is_failure() => (AuditOutcome::Failed, refusal.name()),
            Err(ref refusal) => (AuditOutcome::Refused, refusal.name()),
        };
        let tool = self.tool.as_deref();
        let recorded = self
            .call
            .record(tool, outcome, Some(reason), self.deadline)
            .await;
        recorded.map_err(Refusal::Unrecorded)?;
        reply
    }

    /// Records a call whose response begins with other messages, before its last one, which may be an error of this code.
    ///
    /// # Errors
    ///
    /// What the client gets instead of the last message.
    pub(crate) async fn record(&self, code: Option<i64>) -> Result<(), JsonRpcError> {
        let code = code.map(|code| code.to_string());
        let (outcome, reason) = match &code {
            _ if self.is_malformed => (AuditOutcome::Refused, "ParamsMalformed"),
            Some(code) => (AuditOutcome::Failed, code.as_str()),
            None => (AuditOutcome::Failed, "Engine"),
        };
        let tool = self.tool.as_deref();
        let recorded = self
            .call
            .record(tool, outcome, Some(reason), self.deadline)
            .await;
        recorded.map_err(|problem| {
            let error = ErrorData::internal_error(problem.to_string(), None);
            self.outcome.error(error.code);
            JsonRpcError::new(self.id.clone(), error)
        })
    }
}
