//! Implements rmcp's `Transport` for one call, with server requests whose responses arrive at another process.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use rmcp::RoleServer;
use rmcp::model::{
    CancelledNotification, CancelledNotificationParam, ClientJsonRpcMessage, ErrorData,
    GetExtensions, JsonRpcMessage, RequestId, ServerJsonRpcMessage, ServerNotification,
};
use rmcp::transport::Transport;
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;

use crate::request_facts::RequestFacts;
use crate::state::mcp_session::client_asked::ClientAsked;
use crate::state::mcp_session::mailbox::{Mailbox, READ_MARGIN};
use crate::state::store::StoreError;

/// Pauses between two reads of a response: the first after a request, then twice as long each time, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_millis(200);
/// How long a failing store is retried. A person may be typing meanwhile.
const STORE_PATIENCE: Duration = Duration::from_secs(10);
/// How often the store is read for a cancellation of the call.
const WATCH_PAUSE: Duration = Duration::from_secs(2);

/// Carries one request of the client and all messages of the server until its response. Requests of the server get ids
/// that no other process issues; their responses come from the mailbox.
pub(crate) struct CallTransport {
    request: Option<ClientJsonRpcMessage>,
    sender: mpsc::Sender<ServerJsonRpcMessage>,
    questions: Arc<Questions>,
    client_asked: ClientAsked,
    /// Kept across calls of `receive`, because rmcp drops that future whenever something else happens.
    next: Option<BoxFuture<'static, Option<ClientJsonRpcMessage>>>,
}

/// Server requests without a response.
struct Questions {
    mailbox: Mailbox,
    call: Option<RequestId>,
    /// Whether the call outlives its response, so that the client can end it only with a cancellation.
    is_resumable: bool,
    asked: Mutex<Asked>,
    changed: Notify,
}

#[derive(Default)]
struct Asked {
    /// rmcp's id of each open request, by the id that the client got.
    open: HashMap<String, RequestId>,
    /// Messages for rmcp.
    ready: Vec<ClientJsonRpcMessage>,
    pause: Duration,
    /// Since when the store fails, and how.
    problem: Option<(Instant, StoreError)>,
    is_over: bool,
}

/// Why a message of the server is not sent.
#[derive(Debug)]
pub(crate) enum SendError {
    ClientGone,
    NoRandomness,
}

impl fmt::Display for SendError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SendError::ClientGone => formatter.write_str("the client is gone"),
            SendError::NoRandomness => {
                formatter.write_str("the operating system gives no random bytes")
            }
        }
    }
}

impl std::error::Error for SendError {}

impl CallTransport {
    pub(crate) fn new(
        request: ClientJsonRpcMessage,
        sender: mpsc::Sender<ServerJsonRpcMessage>,
        mailbox: Mailbox,
        is_resumable: bool,
    ) -> Self {
        let (call, client_asked) = match &request {
            JsonRpcMessage::Request(request) => (
                Some(request.id.clone()),
                RequestFacts::of(request.request.extensions())
                    .ok()
                    .and_then(|facts| facts.state.client_asked.clone()),
            ),
            JsonRpcMessage::Response(_)
            | JsonRpcMessage::Notification(_)
            | JsonRpcMessage::Error(_) => (None, None),
        };
        Self {
            request: Some(request),
            sender,
            questions: Arc::new(Questions {
                mailbox,
                call,
                is_resumable,
                asked: Mutex::default(),
                changed: Notify::new(),
            }),
            client_asked: client_asked.unwrap_or_default(),
            next: None,
        }
    }
}

impl Transport<RoleServer> for CallTransport {
    type Error = SendError;

    fn send(
        &mut self,
        mut message: ServerJsonRpcMessage,
    ) -> impl Future<Output = Result<(), SendError>> + Send + 'static {
        let sender = self.sender.clone();
        let questions = Arc::clone(&self.questions);
        let client_asked = self.client_asked.clone();
        async move {
            let mut is_last = false;
            match &mut message {
                JsonRpcMessage::Request(request) => {
                    client_asked.note();
                    request.id = questions
                        .ask(request.id.clone())
                        .ok_or(SendError::NoRandomness)?;
                }
                // The server cancels a request.
                JsonRpcMessage::Notification(notification) => {
                    if let ServerNotification::CancelledNotification(cancelled) =
                        &mut notification.notification
                        && let Some(id) = &mut cancelled.params.request_id
                        && let Some(asked) = questions.take_back(id)
                    {
                        *id = asked;
                    }
                }
                JsonRpcMessage::Response(_) | JsonRpcMessage::Error(_) => is_last = true,
            }
            let sent = sender.send(message).await;
            if is_last {
                questions.end();
            }
            sent.map_err(|_| SendError::ClientGone)
        }
    }

    async fn receive(&mut self) -> Option<ClientJsonRpcMessage> {
        if let Some(request) = self.request.take() {
            return Some(request);
        }
        let next = self
            .next
            .get_or_insert_with(|| Arc::clone(&self.questions).next_message().boxed());
        let message = next.await;
        self.next = None;
        message
    }

    async fn close(&mut self) -> Result<(), SendError> {
        Ok(())
    }
}

impl Questions {
    fn asked(&self) -> MutexGuard<'_, Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ask(&self, id: RequestId) -> Option<RequestId> {
        let unique = self.mailbox.question_id()?;
        let mut asked = self.asked();
        asked.open.insert(unique.clone(), id);
        asked.pause = FIRST_PAUSE;
        drop(asked);
        self.changed.notify_one();
        Some(RequestId::String(unique.into()))
    }

    fn take_back(&self, id: &RequestId) -> Option<RequestId> {
        let mut asked = self.asked();
        let unique = asked
            .open
            .iter()
            .find_map(|(unique, open)| (open == id).then(|| unique.clone()))?;
        asked.open.remove(&unique);
        Some(RequestId::String(unique.into()))
    }

    fn end(&self) {
        self.asked().is_over = true;
        self.changed.notify_one();
    }

    /// The next message for the server; `None` when its work is done. Polls the store while a request is open, and at
    /// times for a call that outlives its response.
    async fn next_message(self: Arc<Self>) -> Option<ClientJsonRpcMessage> {
        loop {
            let pause = {
                let mut asked = self.asked();
                if !asked.ready.is_empty() {
                    return Some(asked.ready.remove(0));
                }
                if asked.is_over {
                    return None;
                }
                let pause = asked.pause;
                asked.pause = (pause * 2).min(LONGEST_PAUSE);
                if asked.open.is_empty() {
                    self.is_resumable.then_some(WATCH_PAUSE)
                } else {
                    Some(pause)
                }
            };
            match pause {
                None => self.changed.notified().await,
                Some(pause) => {
                    tokio::select! {
                        () = self.changed.notified() => {}
                        () = tokio::time::sleep(pause) => self.look().await,
                    }
                }
            }
        }
    }

    /// Reads the client's responses to the open requests once.
    async fn look(&self) {
        if self.is_late() {
            let reason = self.asked().problem.take().map_or_else(
                || "the client did not answer before the server's deadline".to_owned(),
                |(_, problem)| problem.to_string(),
            );
            return self.give_up(&reason);
        }
        let looked = self.look_for_messages().await;
        let hopeless = {
            let mut asked = self.asked();
            match looked {
                Ok(()) => {
                    asked.problem = None;
                    None
                }
                Err(problem) => {
                    let since = asked
                        .problem
                        .take()
                        .map_or_else(Instant::now, |(since, _)| since);
                    let reason = problem.to_string();
                    let is_hopeless = !problem.is_transient() || since.elapsed() > STORE_PATIENCE;
                    asked.problem = Some((since, problem));
                    is_hopeless.then_some(reason)
                }
            }
        };
        if let Some(reason) = hopeless {
            self.give_up(&reason);
        }
    }

    async fn look_for_messages(&self) -> Result<(), StoreError> {
        if let Some(call) = &self.call
            && let Some(reason) = self.mailbox.cancellation(call).await?
        {
            let reason = Some(reason).filter(|reason| !reason.is_empty());
            let cancelled = CancelledNotificationParam::new(Some(call.clone()), reason);
            let cancelled = CancelledNotification::new(cancelled);
            let cancelled = ClientJsonRpcMessage::notification(cancelled.into());
            self.asked().ready.push(cancelled);
            self.give_up("the client cancelled its request");
            // rmcp drops the response to a cancelled request, so no more messages follow.
            self.asked().is_over = true;
            return Ok(());
        }
        let open: Vec<String> = self.asked().open.keys().cloned().collect();
        for unique in open {
            let Some(mut answer) = self.mailbox.answer(&unique).await? else {
                continue;
            };
            let mut asked = self.asked();
            let Some(id) = asked.open.remove(&unique) else {
                continue;
            };
            match &mut answer {
                JsonRpcMessage::Response(response) => response.id = id,
                JsonRpcMessage::Error(error) => error.id = Some(id),
                JsonRpcMessage::Request(_) | JsonRpcMessage::Notification(_) => {
                    return Err(StoreError::Nonsense);
                }
            }
            asked.ready.push(answer);
        }
        Ok(())
    }

    /// Whether a tool that keeps waiting would reach its deadline.
    fn is_late(&self) -> bool {
        self.mailbox
            .deadline
            .remaining()
            .is_some_and(|left| left < READ_MARGIN)
    }

    /// Responds to every open request on the client's behalf.
    fn give_up(&self, reason: &str) {
        let mut asked = self.asked();
        let open = std::mem::take(&mut asked.open);
        asked.ready.extend(open.into_values().map(|id| {
            let error = ErrorData::internal_error(reason.to_owned(), None);
            JsonRpcMessage::error(error, Some(id))
        }));
    }
}
