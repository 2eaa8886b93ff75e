//! Ends event streams of rmcp with a JSON-RPC error before the invocation ends.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame};
use http_body_util::combinators::BoxBody;
use rmcp::model::JsonRpcError;
use serde_json::json;

use crate::endpoint::message::Message;

/// Comments that keep an event stream alive; the gateway's idle limit is 5 minutes, an edge's 30 seconds.
pub(crate) const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Longest event that is parsed; a longer one cannot be a request of a server to a client.
const MAX_EVENT: usize = 64 * 1024;

/// Resolves when a stream must end.
type End = Pin<Box<dyn Future<Output = ()> + Send + Sync>>;

/// An event stream of rmcp that always ends with a response before the invocation ends.
///
/// Otherwise it could run on without a response for two reasons: work that rmcp cannot stop, and, for a client of
/// an older revision, a request of the server to the client (sampling, elicitation, roots), whose response would arrive
/// in another invocation. Both end the stream with a JSON-RPC error; dropping the inner body then cancels the work.
pub(crate) struct EventStreamBody {
    inner: Option<BoxBody<Bytes, Infallible>>,
    end: End,
    /// The error that ends the stream at the deadline.
    late: JsonRpcError,
    /// The error that ends the stream when the server asks the client something.
    unanswerable: Option<JsonRpcError>,
    /// The part of the current event that has arrived.
    event: BytesMut,
}

impl EventStreamBody {
    pub(crate) fn new(
        inner: BoxBody<Bytes, Infallible>,
        end: End,
        late: JsonRpcError,
        unanswerable: Option<JsonRpcError>,
    ) -> Self {
        Self {
            inner: Some(inner),
            end,
            late,
            unanswerable,
            event: BytesMut::new(),
        }
    }

    /// Whether this data completes an event that asks the client something.
    fn asks_the_client(&mut self, data: &[u8]) -> bool {
        self.event.extend_from_slice(data);
        let mut asks = false;
        while let Some(end) = self.event.windows(2).position(|pair| pair == b"\n\n") {
            let event = self.event.split_to(end + 2);
            asks |= event[..]
                .split(|byte| *byte == b'\n')
                .filter_map(|line| line.strip_prefix(b"data:"))
                .filter_map(|message| Message::read(message.trim_ascii()).ok())
                .any(|message| message.method.is_some() && message.id.is_some());
        }
        if self.event.len() > MAX_EVENT {
            self.event.clear();
        }
        asks
    }
}

pub(crate) fn last_event(error: &JsonRpcError) -> Frame<Bytes> {
    Frame::data(Bytes::from(format!("data: {}\n\n", json!(error))))
}

impl Body for EventStreamBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = self.get_mut();
        let Some(inner) = this.inner.as_mut() else {
            return Poll::Ready(None);
        };
        // The stream is polled first: an available response takes precedence over the deadline.
        let Poll::Ready(frame) = Pin::new(inner).poll_frame(context) else {
            ready!(this.end.as_mut().poll(context));
            this.inner = None;
            return Poll::Ready(Some(Ok(last_event(&this.late))));
        };
        let data = frame
            .as_ref()
            .and_then(|frame| frame.as_ref().ok()?.data_ref().cloned());
        if let (Some(error), Some(data)) = (this.unanswerable.clone(), data)
            && this.asks_the_client(&data)
        {
            this.inner = None;
            return Poll::Ready(Some(Ok(last_event(&error))));
        }
        if frame.is_none() {
            this.inner = None;
        }
        Poll::Ready(frame)
    }
}
