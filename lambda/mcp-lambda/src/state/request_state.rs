//! Collects what a request has to do with state.

use std::sync::Arc;

use crate::state::mcp_session::client_asked::ClientAsked;
use crate::state::mcp_session::response_stream::ResponseStream;
use crate::state::session_state::{McpSessionId, SessionItem, ValueSlot};
use crate::state::tasks::Turn;

/// The part of the facts of a request that concerns state.
#[derive(Clone, Default)]
pub(crate) struct RequestState {
    /// The MCP session that the request belongs to.
    pub(crate) session_id: Option<McpSessionId>,
    /// What was read of the session before the call.
    pub(crate) session_item: Option<Arc<SessionItem>>,
    /// Absent if the server cannot ask the client during the request.
    pub(crate) client_asked: Option<ClientAsked>,
    /// Absent if the client cannot reconnect for the response.
    pub(crate) response_stream: Option<ResponseStream>,
    /// Present if the called tool may become a task.
    pub(crate) turn: Option<Turn>,
    /// The value of the conversation, for a tool that declares it.
    pub(crate) session: Option<Arc<ValueSlot>>,
    /// The value of the caller, for a tool that declares it.
    pub(crate) person: Option<Arc<ValueSlot>>,
}

impl RequestState {
    /// Whether a tool needs a handle to find the value of its conversation: a request with a session id does not.
    pub(crate) fn needs_handle(&self) -> bool {
        self.session_id.is_none()
    }

    /// Whether the call is the work of a task, which the client does not wait for.
    pub(crate) fn is_work(&self) -> bool {
        matches!(self.turn, Some(Turn::Work { .. }))
    }
}
