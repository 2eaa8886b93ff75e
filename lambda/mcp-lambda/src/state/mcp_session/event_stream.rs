//! The messages of one response, as they go to the client.

use std::pin::Pin;

use futures_util::Stream;
use rmcp::model::{JsonRpcMessage, ServerJsonRpcMessage};
use rmcp::transport::streamable_http_server::session::ServerSseMessage;

/// Messages that may wait for the response to take them.
pub(crate) const QUEUE: usize = 16;

/// Events of one response.
pub(crate) type EventStream = Pin<Box<dyn Stream<Item = ServerSseMessage> + Send + Sync>>;

pub(crate) fn is_last(message: &ServerJsonRpcMessage) -> bool {
    matches!(
        message,
        JsonRpcMessage::Response(_) | JsonRpcMessage::Error(_)
    )
}
