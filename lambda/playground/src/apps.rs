//! MCP Apps of a conversation: their documents, what they were called with, and the tools that they call.
//!
//! A document comes from a server that nobody here vouches for. It is shown in a frame with an opaque origin and a policy of its own
//! ([`policy`]), and reaches the server through the page alone, which asks [`call`].

mod call;
mod connection;
mod document;
mod policy;
mod result;

pub(crate) use call::{Asked, Called};
pub(crate) use policy::{REFUSED, frame_policy};
pub(crate) use result::shown_to_app;
