//! Holds back the last event of an event stream until its call has a record.

use std::borrow::Cow;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use futures_util::future::BoxFuture;
use http_body::{Body, Frame};
use http_body_util::combinators::BoxBody;
use rmcp::model::JsonRpcError;
use serde::Deserialize;

use crate::endpoint::bounded_stream::last_event;

/// The recording of a call, or the error that the client gets instead of the last event.
type Recording = BoxFuture<'static, Result<(), JsonRpcError>>;

/// An event stream whose last event, a JSON-RPC response, leaves only after the call was recorded. It does not matter who
/// has made that event: the server, rmcp or this library.
pub(crate) struct RecordedBody<F> {
    inner: BoxBody<Bytes, Infallible>,
    /// Records the call; the argument is the error code of the last event.
    record: F,
    /// What has arrived of the events that have not left.
    events: BytesMut,
    /// How much of it has no end of an event, so that a long event is searched once and not with each part that arrives.
    searched: usize,
    /// The last event, and what it waits for. The mutex is never locked: it makes the future `Sync`.
    held: Option<(Bytes, Mutex<Recording>)>,
}

/// The members of a message that tell what it is.
#[derive(Deserialize)]
struct Members<'a> {
    #[serde(borrow)]
    method: Option<Cow<'a, str>>,
    error: Option<ErrorMember>,
}

#[derive(Deserialize)]
struct ErrorMember {
    code: i64,
}

/// What one event is.
enum Event {
    /// A comment, a notification or a request.
    Other,
    /// The response to the call, with the code of an error.
    Last { code: Option<i64> },
}

impl<F> RecordedBody<F>
where
    F: Fn(Option<i64>) -> Recording + Send + Sync + Unpin + 'static,
{
    pub(crate) fn new(inner: BoxBody<Bytes, Infallible>, record: F) -> Self {
        Self {
            inner,
            record,
            events: BytesMut::new(),
            searched: 0,
            held: None,
        }
    }

    /// The next whole event that has arrived.
    fn next_event(&mut self) -> Option<Bytes> {
        // The first line feed of an end may have arrived already.
        let from = self.searched.saturating_sub(1);
        let rest = self.events.get(from..).unwrap_or_default();
        let Some(end) = rest.windows(2).position(|pair| pair == b"\n\n") else {
            self.searched = self.events.len();
            return None;
        };
        self.searched = 0;
        Some(self.events.split_to(from + end + 2).freeze())
    }
}

impl Event {
    /// Data that is not known to be another message counts as the response.
    fn read(event: &[u8]) -> Self {
        let mut lines = event
            .split(|byte| *byte == b'\n')
            .filter_map(|line| line.strip_prefix(b"data:"));
        let data = match (lines.next(), lines.next()) {
            (None, _) => return Self::Other,
            (Some(data), None) => data.trim_ascii(),
            (Some(_), Some(_)) => return Self::Last { code: None },
        };
        if data.is_empty() {
            return Self::Other;
        }
        match serde_json::from_slice::<Members<'_>>(data) {
            Ok(members) if members.method.is_some() => Self::Other,
            Ok(members) => Self::Last {
                code: members.error.map(|error| error.code),
            },
            Err(_) => Self::Last { code: None },
        }
    }
}

impl<F> Body for RecordedBody<F>
where
    F: Fn(Option<i64>) -> Recording + Send + Sync + Unpin + 'static,
{
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = self.get_mut();
        loop {
            if let Some((event, recording)) = &mut this.held {
                let recording = recording.get_mut().unwrap_or_else(PoisonError::into_inner);
                let recorded = ready!(recording.as_mut().poll(context));
                let frame = match recorded {
                    Ok(()) => Frame::data(std::mem::take(event)),
                    Err(error) => last_event(&error),
                };
                this.held = None;
                return Poll::Ready(Some(Ok(frame)));
            }
            if let Some(event) = this.next_event() {
                match Event::read(&event) {
                    Event::Other => return Poll::Ready(Some(Ok(Frame::data(event)))),
                    Event::Last { code } => {
                        this.held = Some((event, Mutex::new((this.record)(code))));
                        continue;
                    }
                }
            }
            // Nobody reads an event that does not end.
            let Some(frame) = ready!(Pin::new(&mut this.inner).poll_frame(context)) else {
                return Poll::Ready(None);
            };
            let Ok(frame) = frame;
            match frame.into_data() {
                Ok(data) => this.events.extend_from_slice(&data),
                Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use futures_util::FutureExt;
    use futures_util::stream::{self, StreamExt};
    use http_body_util::{BodyExt, StreamBody};
    use rmcp::model::{ErrorCode, ErrorData, RequestId};
    use tokio::sync::Semaphore;

    use super::*;
    use crate::endpoint::bounded_stream::EventStreamBody;

    const PROGRESS: &str = "data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\"}\n\n";
    const RESULT: &str = "data: {\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\n\n";

    fn error(message: &'static str) -> JsonRpcError {
        let data = ErrorData::new(ErrorCode::INTERNAL_ERROR, message, None);
        JsonRpcError::new(Some(RequestId::Number(1)), data)
    }

    /// A stream of these parts, which then goes on without more.
    fn parts(parts: &[&'static str]) -> BoxBody<Bytes, Infallible> {
        let frames: Vec<_> = parts
            .iter()
            .map(|part| Ok(Frame::data(Bytes::from_static(part.as_bytes()))))
            .collect();
        BodyExt::boxed(StreamBody::new(
            stream::iter(frames).chain(stream::pending()),
        ))
    }

    /// Records nothing before the test adds a permit.
    fn once(permit: &Arc<Semaphore>) -> impl Fn(Option<i64>) -> Recording + use<> {
        let permit = Arc::clone(permit);
        move |_| {
            let permit = Arc::clone(&permit);
            async move {
                let _ = permit.acquire_owned().await;
                Ok(())
            }
            .boxed()
        }
    }

    async fn next<F>(body: &mut RecordedBody<F>) -> String
    where
        F: Fn(Option<i64>) -> Recording + Send + Sync + Unpin + 'static,
    {
        let data = body.frame().await.unwrap().unwrap().into_data().unwrap();
        String::from_utf8(data.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn the_response_waits_for_the_record_however_its_event_arrives_and_nothing_else_does() {
        let (begin, rest) = RESULT.split_at(20);
        let almost = RESULT.strip_suffix('\n').unwrap();
        for parts_of_it in [
            vec![": keep\n\n", "id: 1\ndata:\n\n", PROGRESS, RESULT],
            vec![": keep\n\n", "id: 1\ndata:\n\n", PROGRESS, begin, rest],
            vec![": keep\n\n", "id: 1\ndata:\n\n", PROGRESS, almost, "\n"],
        ] {
            let permit = Arc::new(Semaphore::new(0));
            let mut body = RecordedBody::new(parts(&parts_of_it), once(&permit));
            for event in &parts_of_it[..3] {
                assert_eq!(next(&mut body).await, *event);
            }
            assert!(next(&mut body).now_or_never().is_none(), "not recorded yet");
            permit.add_permits(1);
            assert_eq!(next(&mut body).await, RESULT);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_of_a_late_stream_waits_for_the_record_too() {
        let end = tokio::time::sleep(Duration::from_secs(1));
        let late = EventStreamBody::new(parts(&[PROGRESS]), Box::pin(end), error("late"), None);
        let permit = Arc::new(Semaphore::new(0));
        let mut body = RecordedBody::new(late.boxed(), once(&permit));
        assert_eq!(next(&mut body).await, PROGRESS);
        let waiting = tokio::time::timeout(Duration::from_secs(10), next(&mut body));
        assert!(waiting.await.is_err(), "not recorded yet");
        permit.add_permits(1);
        assert!(next(&mut body).await.contains("late"));
        assert!(body.frame().await.is_none());
    }

    #[tokio::test]
    async fn an_error_replaces_the_response_to_a_call_that_cannot_be_recorded() {
        for (event, expected) in [
            (RESULT, None),
            (
                "data: {\"id\":1,\"error\":{\"code\":-32600,\"message\":\"m\"}}\n\n",
                Some(-32600),
            ),
            ("data: neither\n\n", None),
            ("data: {\ndata: \"method\":\"m\"}\n\n", None),
        ] {
            let record = move |code| {
                assert_eq!(code, expected);
                async { Err(error("withheld")) }.boxed()
            };
            let mut body = RecordedBody::new(parts(&[event]), record);
            let replaced = next(&mut body).await;
            assert!(replaced.contains("withheld"), "{replaced}");
        }
    }
}
