//! Makes [`SessionState`], [`PersonState`], [`ResponseStream`] and [`TaskStart`] arguments of tools.

use rmcp::ErrorData;
use rmcp::handler::server::common::{AsRequestContext, FromContextPart};

use crate::request_facts::RequestFacts;
use crate::state::mcp_session::response_stream::ResponseStream;
use crate::state::session_state::{PersonState, SessionState};
use crate::state::tasks::TaskStart;

impl<C: AsRequestContext, T> FromContextPart<C> for SessionState<T> {
    fn from_context_part(context: &mut C) -> Result<Self, ErrorData> {
        let facts = RequestFacts::of(&context.as_request_context().extensions)?;
        let slot = facts.state.session.clone().ok_or_else(|| {
            ErrorData::internal_error(
                "the tool has a SessionState and does not say so: add reads_session(), writes_session() or ends_session() to its ToolPolicy",
                None,
            )
        })?;
        Ok(Self::new(slot))
    }
}

impl<C: AsRequestContext, T> FromContextPart<C> for PersonState<T> {
    fn from_context_part(context: &mut C) -> Result<Self, ErrorData> {
        let facts = RequestFacts::of(&context.as_request_context().extensions)?;
        let slot = facts.state.person.clone().ok_or_else(|| {
            ErrorData::internal_error(
                "the tool has a PersonState and does not say so: add reads_person(), writes_person() or removes_person() to its ToolPolicy",
                None,
            )
        })?;
        Ok(Self::new(slot))
    }
}

impl<C: AsRequestContext> FromContextPart<C> for ResponseStream {
    fn from_context_part(context: &mut C) -> Result<Self, ErrorData> {
        let facts = RequestFacts::of(&context.as_request_context().extensions)?;
        Ok(facts.state.response_stream.clone().unwrap_or_default())
    }
}

impl<C: AsRequestContext> FromContextPart<C> for TaskStart {
    fn from_context_part(context: &mut C) -> Result<Self, ErrorData> {
        let facts = RequestFacts::of(&context.as_request_context().extensions)?;
        Ok(Self::new(facts.state.turn.clone()))
    }
}
