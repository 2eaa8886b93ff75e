//! What outlives an invocation: values of conversations, cached results, MCP sessions with clients of older revisions,
//! and tasks. Without the feature `state`, `stateless.rs` replaces this folder.

mod arguments;
mod cache;
pub(crate) mod call_state;
pub(crate) mod caller_limits;
pub(crate) mod declaration;
pub(crate) mod endpoint_state;
mod facts;
mod mcp_session;
pub(crate) mod refusal;
pub(crate) mod request_state;
pub(crate) mod requirements;
pub(crate) mod server_state;
pub(crate) mod session_state;
mod settings;
pub(crate) mod store;
pub(crate) mod tail;
mod tasks;
mod tool_policy;

pub use mcp_session::response_stream::ResponseStream;
pub use session_state::{PersonState, SessionError, SessionState};
pub use tasks::TaskStart;
