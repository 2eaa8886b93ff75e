//! Numbers the events of one stream and writes them to the store.

use rmcp::model::{ErrorData, JsonRpcMessage, RequestId, ServerJsonRpcMessage};
use serde_json::json;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::runtime::log::Log;
use crate::state::mcp_session::event_log::{EventLog, MAX_EVENT};
use crate::state::mcp_session::event_position::EventPosition;
use crate::state::mcp_session::mailbox::Mailbox;
use crate::state::store::Attempts;

/// Most notifications of one call that are stored.
const MOST_NOTIFICATIONS: usize = 1000;
/// Events that may be queued for the store before the call has to wait.
const QUEUE: usize = 64;

/// Numbers the events of one stream and stores them in parallel to sending them: an id contains the position of its
/// event, so the client does not wait for the store.
pub(crate) struct Recorder {
    mailbox: Mailbox,
    last: EventPosition,
    notifications: usize,
    queue: mpsc::Sender<(u64, String)>,
    keeping: JoinHandle<()>,
}

impl Recorder {
    pub(crate) fn new(mailbox: Mailbox, first: EventPosition, log: Log) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let events = EventLog::new(mailbox.clone(), first.stream.clone());
        let keeping = tokio::spawn(keep(events, mailbox.clone(), waiting, log));
        Self {
            mailbox,
            last: first,
            notifications: 0,
            queue,
            keeping,
        }
    }

    /// Stores a message and returns its id; `None` for one that is not stored.
    pub(crate) async fn keep(
        &mut self,
        message: &ServerJsonRpcMessage,
        is_last: bool,
    ) -> Option<String> {
        let mut text = json!(message).to_string();
        let is_notification = matches!(message, JsonRpcMessage::Notification(_));
        if is_notification {
            self.notifications += 1;
            if self.notifications > MOST_NOTIFICATIONS || text.len() > MAX_EVENT {
                return None;
            }
        } else if text.len() > MAX_EVENT {
            text = too_large(message);
        }
        self.put(text, is_last).await
    }

    /// Stores that the stream ends without a response.
    pub(crate) async fn keep_end(&mut self) {
        self.put(String::new(), true).await;
    }

    async fn put(&mut self, text: String, is_last: bool) -> Option<String> {
        self.last = self.last.next(is_last);
        // Fails after the store was given up, which is logged.
        let _ = self.queue.send((self.last.number, text)).await;
        self.last.seal(&self.mailbox)
    }

    /// Waits until everything is stored.
    pub(crate) async fn finish(self) {
        drop(self.queue);
        let _ = self.keeping.await;
    }
}

/// Writes the events one after the other in their order, so that no reader skips one.
async fn keep(
    events: EventLog,
    mailbox: Mailbox,
    mut waiting: mpsc::Receiver<(u64, String)>,
    log: Log,
) {
    while let Some((number, text)) = waiting.recv().await {
        loop {
            let mut attempts = Attempts::until(mailbox.deadline);
            let kept = attempts.run(|| events.put(number, &text)).await;
            match kept {
                Ok(()) => break,
                // Until the deadline the client may reconnect for it.
                Err(problem) if problem.is_transient() && mailbox.has_time() => {}
                Err(problem) => {
                    let reason = json!({ "reason": problem.to_string() });
                    log.error("the events of a call could not be kept", &reason);
                    return;
                }
            }
        }
    }
}

/// The message that a reconnecting client gets instead of one that is too long to be stored.
fn too_large(message: &ServerJsonRpcMessage) -> String {
    let id: Option<RequestId> = match message {
        JsonRpcMessage::Response(response) => Some(response.id.clone()),
        JsonRpcMessage::Error(error) => error.id.clone(),
        JsonRpcMessage::Request(_) | JsonRpcMessage::Notification(_) => None,
    };
    let rule = format!(
        "the answer is larger than the {MAX_EVENT} bytes that are kept for a client that comes back"
    );
    json!(ServerJsonRpcMessage::error(
        ErrorData::internal_error(rule, None),
        id
    ))
    .to_string()
}
