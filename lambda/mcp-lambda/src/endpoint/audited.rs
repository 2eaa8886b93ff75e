//! Completes the record of a tool call whose response does not come from the tool.

use mcp_lambda_contract::AuditOutcome;

use crate::audit::AuditedCall;
use crate::endpoint::accept::EVENT_STREAM;
use crate::endpoint::media_type::media_type;
use crate::endpoint::message::Message;
use crate::endpoint::refusal::Refusal;
use crate::endpoint::reply::Reply;
use crate::runtime::deadline::Deadline;

/// The reply to a tool call, once the call has its record. The guard has written the record of a call that reached it; this
/// writes that of a refused one. The last event of a stream comes from the guard, after the record.
pub(super) async fn recorded(
    reply: Result<Reply, Refusal>,
    message: &Message,
    audit: &AuditedCall,
    tool: Option<&str>,
    deadline: Deadline,
) -> Result<Reply, Refusal> {
    if let Ok(Reply { response, .. }) = &reply
        && media_type(response.headers()) == EVENT_STREAM
    {
        return reply;
    }
    let (outcome, reason) = match &reply {
        // rmcp takes it for a request of an unknown method.
        Ok(_) if message.malformed.is_some() || message.tool.is_none() => {
            (AuditOutcome::Refused, "ParamsMalformed")
        }
        Ok(_) => (AuditOutcome::Failed, "Engine"),
        Err(refusal) if refusal.is_failure() => (AuditOutcome::Failed, refusal.name()),
        Err(refusal) => (AuditOutcome::Refused, refusal.name()),
    };
    let recorded = audit.record(tool, outcome, Some(reason), deadline).await;
    recorded.map_err(Refusal::Unrecorded)?;
    reply
}
