//! Implements rmcp's `SessionManager` for one HTTP request of an MCP session.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use futures_util::Stream;
use futures_util::stream::{self, StreamExt};
use rmcp::ServerHandler;
use rmcp::model::{
    ClientJsonRpcMessage, ClientNotification, InitializeRequestParams, JsonRpcMessage,
    ServerJsonRpcMessage,
};
use rmcp::service::serve_directly;
use rmcp::transport::streamable_http_server::session::{
    ServerSseMessage, SessionId, SessionManager,
};
use tokio::sync::mpsc;

use crate::guard::Guarded;
use crate::state::mcp_session::call::{Beginning, Resumable, call_of};
use crate::state::mcp_session::event_position::EventPosition;
use crate::state::mcp_session::event_stream::{EventStream, QUEUE, is_last};
use crate::state::mcp_session::mailbox::{Mailbox, NotTaken};
use crate::state::mcp_session::transport::CallTransport;
use crate::state::store::StoreError;
use crate::state::tail::Tail;

/// The MCP session of one HTTP request, as the session manager that rmcp expects.
pub(crate) struct CallManager<S> {
    server: Guarded<S>,
    /// `None` when the session id is invalid.
    session: Option<(InitializeRequestParams, Mailbox)>,
    /// `None` when the client cannot reconnect for its response.
    resumable: Mutex<Option<Resumable>>,
    outcome: Mutex<Option<Outcome>>,
}

/// Outcomes that rmcp's response cannot express.
pub(crate) enum Outcome {
    /// The server responded without sending other messages first.
    WholeResponse(Box<ServerJsonRpcMessage>),
    /// The call may continue after its response.
    Streaming(Tail),
    /// The client reconnects to a stream after this event.
    Resumes(String),
    /// The client's message could not be stored.
    Failed(StoreError),
    /// The client ends a session that has ended before.
    HasEnded,
    /// The client responds to a request that the server did not send.
    NotAsked,
}

/// Why rmcp's call fails; [`Outcome`] has the reason for the client.
#[derive(Debug)]
pub(crate) enum CallError {
    /// rmcp calls something that these sessions do not support.
    NotOffered,
    Store,
    HasEnded,
    NotAsked,
    /// The server ended without a response.
    NoResponse,
}

impl fmt::Display for CallError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            CallError::NotOffered => "this server does not offer that",
            CallError::Store => "the message could not be kept",
            CallError::HasEnded => "the session has ended before",
            CallError::NotAsked => "the response answers no open question",
            CallError::NoResponse => "the server ended without an answer",
        })
    }
}

impl std::error::Error for CallError {}

impl<S> CallManager<S> {
    pub(crate) fn new(
        server: Guarded<S>,
        session: Option<(InitializeRequestParams, Mailbox)>,
        resumable: Option<Resumable>,
    ) -> Self {
        Self {
            server,
            session,
            resumable: Mutex::new(resumable),
            outcome: Mutex::default(),
        }
    }

    pub(crate) fn take_outcome(&self) -> Option<Outcome> {
        self.outcome
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    fn check_store(&self, kept: Result<(), StoreError>) -> Result<(), CallError> {
        kept.map_err(|problem| {
            self.set_outcome(Outcome::Failed(problem));
            CallError::Store
        })
    }

    fn check_taken(&self, taken: Result<(), NotTaken>) -> Result<(), CallError> {
        match taken {
            Ok(()) => Ok(()),
            Err(NotTaken::Store(problem)) => self.check_store(Err(problem)),
            Err(NotTaken::NotAsked) => {
                self.set_outcome(Outcome::NotAsked);
                Err(CallError::NotAsked)
            }
        }
    }

    fn set_outcome(&self, outcome: Outcome) {
        *self.outcome.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
    }
}

impl<S: ServerHandler> SessionManager for CallManager<S> {
    type Error = CallError;
    type Transport = CallTransport;

    async fn create_session(&self) -> Result<(SessionId, CallTransport), CallError> {
        // `initialize` has no session yet; its response carries the session id.
        Err(CallError::NotOffered)
    }

    async fn initialize_session(
        &self,
        _id: &SessionId,
        _message: ClientJsonRpcMessage,
    ) -> Result<ServerJsonRpcMessage, CallError> {
        Err(CallError::NotOffered)
    }

    async fn has_session(&self, _id: &SessionId) -> Result<bool, CallError> {
        Ok(self.session.is_some())
    }

    /// rmcp calls it for DELETE alone.
    async fn close_session(&self, _id: &SessionId) -> Result<(), CallError> {
        let (_, mailbox) = self.session.as_ref().ok_or(CallError::NotOffered)?;
        match mailbox.end().await {
            Ok(true) => Ok(()),
            Ok(false) => {
                self.set_outcome(Outcome::HasEnded);
                Err(CallError::HasEnded)
            }
            Err(problem) => self.check_store(Err(problem)),
        }
    }

    async fn create_stream(
        &self,
        _id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, CallError> {
        let (client, mailbox) = self.session.clone().ok_or(CallError::NotOffered)?;
        let resumable = self
            .resumable
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let resumable = resumable.and_then(|resumable| {
            let (call, tool) = call_of(&message)?;
            // An unknown tool gets a response at once, and its name may have any length.
            let tool = tool.filter(|tool| self.server.policy.knows(tool));
            let position = EventPosition::first(&mailbox, call, tool)?;
            Some((resumable, position))
        });
        let (sender, mut receiver) = mpsc::channel(QUEUE);
        let transport = CallTransport::new(message, sender, mailbox.clone(), resumable.is_some());
        // Dropping it with the stream ends the work and the polling for responses.
        let running = serve_directly(self.server.clone(), transport, Some(client));
        if let Some((resumable, position)) = resumable {
            let begun = resumable.begin(position, mailbox, receiver, running).await;
            return match begun {
                Beginning::Whole(message) => {
                    self.set_outcome(Outcome::WholeResponse(message));
                    Ok(Box::pin(stream::empty()) as EventStream)
                }
                Beginning::Stream(events, tail) => {
                    self.set_outcome(Outcome::Streaming(tail));
                    Ok(events)
                }
                Beginning::Nothing => Err(CallError::NoResponse),
            };
        }
        let first = receiver.recv().await.ok_or(CallError::NoResponse)?;
        let first = if is_last(&first) {
            self.set_outcome(Outcome::WholeResponse(Box::new(first)));
            None
        } else {
            Some(first)
        };
        let begin = first.map(|first| (Some(first), receiver, running));
        let messages = stream::unfold(begin, |state| async move {
            let (first, mut receiver, running) = state?;
            let message = match first {
                Some(first) => first,
                None => receiver.recv().await?,
            };
            let next = (!is_last(&message)).then_some((None, receiver, running));
            Some((message, next))
        });
        Ok(Box::pin(messages.map(ServerSseMessage::from_message)) as EventStream)
    }

    async fn accept_message(
        &self,
        _id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<(), CallError> {
        let (_, mailbox) = self.session.as_ref().ok_or(CallError::NotOffered)?;
        match &message {
            JsonRpcMessage::Response(response) => {
                self.check_taken(mailbox.put_answer(&response.id, &message).await)
            }
            JsonRpcMessage::Error(error) => match &error.id {
                Some(id) => self.check_taken(mailbox.put_answer(id, &message).await),
                // The client could not parse a message, and does not know which.
                None => Ok(()),
            },
            // No invocation can use another notification; without a session they are ignored as well.
            JsonRpcMessage::Notification(notification) => {
                if let ClientNotification::CancelledNotification(cancelled) =
                    &notification.notification
                    && let Some(id) = &cancelled.params.request_id
                {
                    let reason = cancelled.params.reason.as_deref();
                    self.check_store(mailbox.put_cancellation(id, reason).await)
                } else {
                    Ok(())
                }
            }
            JsonRpcMessage::Request(_) => Err(CallError::NotOffered),
        }
    }

    async fn create_standalone_stream(
        &self,
        _id: &SessionId,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, CallError> {
        Err::<stream::Pending<_>, _>(CallError::NotOffered)
    }

    async fn resume(
        &self,
        _id: &SessionId,
        last_event_id: String,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, CallError> {
        // Stored events are already serialised; rmcp would parse and serialise them again.
        self.set_outcome(Outcome::Resumes(last_event_id));
        Err::<stream::Pending<_>, _>(CallError::NotOffered)
    }
}
