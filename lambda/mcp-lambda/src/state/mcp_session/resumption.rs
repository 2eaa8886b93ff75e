//! Replays the stored events of a stream to a client that reconnects.

use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use rmcp::model::{ErrorData, ServerJsonRpcMessage};
use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::endpoint::accept::EVENT_STREAM;
use crate::endpoint::bounded_stream::KEEP_ALIVE;
use crate::endpoint::refusal::{Refusal, check_scopes};
use crate::runtime::response::Response;
use crate::runtime::shutdown::Shutdown;
use crate::state::mcp_session::call::RETRY;
use crate::state::mcp_session::event_log::EventLog;
use crate::state::mcp_session::event_position::EventPosition;
use crate::state::mcp_session::mailbox::Mailbox;
use crate::state::refusal::StateRefusal;
use crate::state::store::{Attempts, StoreError};
use crate::token::policy::Policy;

/// Pauses between two reads of the next event: the first after an event, then twice as long each time, up to the
/// longest.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// How long a failing store is retried for the first event, before the response has begun.
const PATIENCE: Duration = Duration::from_secs(3);
/// Allowance for clock skew: another process may still write for this many seconds.
const CLOCKS: u64 = 2;

/// An event stream that a client has reconnected to: the stored events after the last one that it has seen, then those
/// that are added while it is connected.
pub(crate) struct Resumption {
    mailbox: Mailbox,
    events: EventLog,
    last: EventPosition,
    pause: Duration,
    silent_since: Instant,
    /// Already read.
    next: Option<String>,
    end: Option<Instant>,
}

impl Resumption {
    /// Reads the next event first, so that a failing store is an error with a status.
    pub(crate) async fn begin(
        mailbox: Mailbox,
        policy: &Policy,
        event_id: &str,
    ) -> Result<Self, Refusal> {
        let last = EventPosition::open(&mailbox, event_id).ok_or(StateRefusal::EventUnknown)?;
        if let Some(tool) = &last.tool {
            check_scopes(policy, tool, &mailbox.caller)?;
        }
        let events = EventLog::new(mailbox.clone(), last.stream.clone());
        let mut resumption = Self {
            end: mailbox.deadline.for_response(),
            mailbox,
            events,
            last,
            pause: FIRST_PAUSE,
            silent_since: Instant::now(),
            next: None,
        };
        if !resumption.last.is_last {
            let mut attempts = Attempts::within(PATIENCE, resumption.mailbox.deadline);
            let number = resumption.last.number + 1;
            let found = attempts.run(|| resumption.events.get(number)).await;
            resumption.next = found.map_err(StateRefusal::Unavailable)?;
        }
        Ok(resumption)
    }

    /// The response ends when the process does: the client reconnects to another one.
    pub(crate) fn respond(self, shutdown: Shutdown) -> Response {
        let (sender, receiver) = mpsc::channel(1);
        tokio::spawn(async move {
            tokio::select! {
                () = self.follow(sender) => {}
                _ = shutdown.begun() => {}
            }
        });
        let frames = stream::unfold(receiver, |mut receiver| async move {
            let bytes: Bytes = receiver.recv().await?;
            Some((Ok(Frame::data(bytes)), receiver))
        });
        let mut response = Response::new(BodyExt::boxed(StreamBody::new(frames)));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(EVENT_STREAM));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        response
    }

    /// Sends events as long as the client is connected.
    async fn follow(mut self, listener: mpsc::Sender<Bytes>) {
        // With an id for the client's current position: official clients reconnect from the last id of the stream that
        // they have just read, and do not reconnect when it had none.
        let position = self.last.seal(&self.mailbox);
        let id = position.map(|id| format!("id: {id}\n")).unwrap_or_default();
        let retry = RETRY.as_millis();
        let mut said = Some(Bytes::from(format!("{id}retry: {retry}\ndata:\n\n")));
        while let Some(bytes) = said {
            if listener.send(bytes).await.is_err() {
                return;
            }
            said = tokio::select! {
                () = listener.closed() => None,
                next = self.step() => next,
            };
        }
    }

    /// The next event to send; `None` at the end of the stream, and when this invocation ends earlier: the client then
    /// reconnects.
    async fn step(&mut self) -> Option<Bytes> {
        loop {
            if self.last.is_last {
                return None;
            }
            let found = match self.next.take() {
                Some(text) => Ok(Some(text)),
                None => self.look().await,
            };
            match found {
                Ok(Some(text)) => return self.event(&text),
                Ok(None) if self.is_lost() => return self.event(&self.lost()),
                Ok(None) => {}
                Err(problem) if problem.is_transient() => {}
                Err(_) => return None,
            }
            let until = Instant::now() + self.pause;
            if self.end.is_some_and(|end| until >= end) {
                return None;
            }
            tokio::time::sleep_until(until).await;
            self.pause = (self.pause * 2).min(LONGEST_PAUSE);
            if self.silent_since.elapsed() >= KEEP_ALIVE {
                self.silent_since = Instant::now();
                return Some(Bytes::from_static(b":\n\n"));
            }
        }
    }

    async fn look(&self) -> Result<Option<String>, StoreError> {
        let look = self.events.get(self.last.number + 1);
        match self.end {
            None => look.await,
            Some(end) => tokio::time::timeout_at(end, look)
                .await
                .unwrap_or(Err(StoreError::TooSlow)),
        }
    }

    /// An empty string is the end of a stream without a response.
    fn event(&mut self, text: &str) -> Option<Bytes> {
        let is_last = text.is_empty() || is_answer(text);
        self.last = self.last.next(is_last);
        self.pause = FIRST_PAUSE;
        self.silent_since = Instant::now();
        if text.is_empty() {
            return None;
        }
        let id = self.last.seal(&self.mailbox)?;
        Some(Bytes::from(format!("id: {id}\ndata: {text}\n\n")))
    }

    /// Whether no process can add another event.
    fn is_lost(&self) -> bool {
        let now = self.mailbox.state.seal.now();
        self.last.ends.is_some_and(|ends| now > ends + CLOCKS)
    }

    fn lost(&self) -> String {
        let rule = "the server ended before it had answered: call again";
        let error = ErrorData::internal_error(rule, None);
        json!(ServerJsonRpcMessage::error(
            error,
            Some(self.last.call.clone())
        ))
        .to_string()
    }
}

/// Whether the message ends its stream. Stored messages are this library's own, so checking their members is enough.
fn is_answer(text: &str) -> bool {
    #[derive(serde::Deserialize)]
    struct Members<'a> {
        #[serde(borrow)]
        method: Option<std::borrow::Cow<'a, str>>,
    }
    serde_json::from_str::<Members<'_>>(text).is_ok_and(|members| members.method.is_none())
}
