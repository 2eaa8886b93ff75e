//! Starts one resumable call, chooses the form of its response and forwards its messages.

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use rmcp::RoleServer;
use rmcp::model::{
    ClientJsonRpcMessage, ClientRequest, JsonRpcMessage, RequestId, ServerJsonRpcMessage,
};
use rmcp::service::{RunningService, Service};
use rmcp::transport::streamable_http_server::session::ServerSseMessage;
use tokio::sync::mpsc;

use crate::endpoint::audited::AuditedResponse;
use crate::runtime::log::Log;
use crate::runtime::shutdown::Shutdown;
use crate::state::mcp_session::event_position::EventPosition;
use crate::state::mcp_session::event_stream::{EventStream, QUEUE, is_last};
use crate::state::mcp_session::mailbox::Mailbox;
use crate::state::mcp_session::recorder::Recorder;
use crate::state::mcp_session::response_stream::Closing;
use crate::state::tail::Tail;

/// A response within this time is one JSON document, unless the client prefers a stream.
const QUICK: Duration = Duration::from_secs(1);
/// How long a client should wait before it reconnects.
pub(crate) const RETRY: Duration = Duration::from_secs(1);

/// The state for resuming the response to one call.
pub(crate) struct Resumable {
    pub(crate) closing: Arc<Closing>,
    /// Whether the client prefers an event stream to one JSON document.
    pub(crate) wants_stream: bool,
    pub(crate) log: Log,
    pub(crate) shutdown: Shutdown,
    /// `None` for a call that has no record.
    pub(crate) audited: Option<AuditedResponse>,
}

/// How the response begins.
pub(crate) enum Beginning {
    /// The server responded without sending other messages first.
    Whole(Box<ServerJsonRpcMessage>),
    Stream(EventStream, Tail),
    /// The server ended without a response.
    Nothing,
}

impl Resumable {
    /// Waits for the server's first message, and chooses the form of the response.
    pub(crate) async fn begin<S: Service<RoleServer>>(
        self,
        position: EventPosition,
        mailbox: Mailbox,
        mut messages: mpsc::Receiver<ServerJsonRpcMessage>,
        running: RunningService<RoleServer, S>,
    ) -> Beginning {
        let mut first = None;
        if !self.wants_stream {
            tokio::select! {
                biased;
                message = messages.recv() => match message {
                    Some(message) if is_last(&message) => return Beginning::Whole(Box::new(message)),
                    Some(message) => first = Some(message),
                    None => return Beginning::Nothing,
                },
                () = self.closing.wanted() => {}
                () = tokio::time::sleep(QUICK) => {}
            }
        }
        // Without an id for the first event the client could not reconnect, so no event gets an id.
        let id = position.seal(&mailbox);
        let Some(id) = id else {
            return Beginning::Nothing;
        };
        let recorder = Recorder::new(mailbox, position, self.log);
        let (sender, receiver) = mpsc::channel(QUEUE);
        let forwarding = Forwarding {
            messages,
            running,
            recorder,
            response: Some(sender),
            closing: self.closing,
            shutdown: self.shutdown,
            audited: self.audited,
        };
        let work = tokio::spawn(forwarding.run(first));
        let priming = ServerSseMessage::priming(id, RETRY);
        let rest = stream::unfold(receiver, |mut receiver| async move {
            Some((receiver.recv().await?, receiver))
        });
        let events = stream::once(async move { priming }).chain(rest);
        Beginning::Stream(Box::pin(events), Tail::new(work))
    }
}

/// The rest of one call, with or without a connected client.
struct Forwarding<S: Service<RoleServer>> {
    messages: mpsc::Receiver<ServerJsonRpcMessage>,
    /// Dropping it ends the work.
    running: RunningService<RoleServer, S>,
    recorder: Recorder,
    /// `None` when the response is closed or the client has disconnected.
    response: Option<mpsc::Sender<ServerSseMessage>>,
    closing: Arc<Closing>,
    /// The client reconnects to another process while this one finishes the call.
    shutdown: Shutdown,
    audited: Option<AuditedResponse>,
}

impl<S: Service<RoleServer>> Forwarding<S> {
    async fn run(mut self, mut first: Option<ServerJsonRpcMessage>) {
        loop {
            let message = match first.take() {
                Some(message) => Some(message),
                None => tokio::select! {
                    biased;
                    message = self.messages.recv() => message,
                    () = self.closing.wanted(), if self.response.is_some() => {
                        self.response = None;
                        continue;
                    }
                    _ = self.shutdown.clone().begun(), if self.response.is_some() => {
                        self.response = None;
                        continue;
                    }
                },
            };
            let Some(mut message) = message else {
                self.recorder.keep_end().await;
                break;
            };
            let is_last = is_last(&message);
            if is_last {
                message = self.recorded(message).await;
            }
            let id = self.recorder.keep(&message, is_last).await;
            self.send(id, message).await;
            if is_last {
                break;
            }
        }
        self.response = None;
        drop(self.running);
        self.recorder.finish().await;
    }

    /// The last message, once the call has its record: what is kept reaches a client that reconnects to another process.
    async fn recorded(&self, message: ServerJsonRpcMessage) -> ServerJsonRpcMessage {
        let Some(audited) = &self.audited else {
            return message;
        };
        let code = match &message {
            JsonRpcMessage::Error(error) => Some(i64::from(error.error.code.0)),
            JsonRpcMessage::Response(_)
            | JsonRpcMessage::Request(_)
            | JsonRpcMessage::Notification(_) => None,
        };
        match audited.record(code).await {
            Ok(()) => message,
            Err(error) => JsonRpcMessage::Error(error),
        }
    }

    async fn send(&mut self, id: Option<String>, message: ServerJsonRpcMessage) {
        let Some(response) = &self.response else {
            return;
        };
        let mut event = ServerSseMessage::from_message(message);
        event.event_id = id;
        let is_sent = tokio::select! {
            biased;
            sent = response.send(event) => sent.is_ok(),
            // The client does not read, and the rest of the call must be kept before the process ends.
            _ = self.shutdown.clone().begun() => false,
        };
        if !is_sent {
            self.response = None;
        }
    }
}

/// The request id of a message, and the tool that it calls.
pub(crate) fn call_of(message: &ClientJsonRpcMessage) -> Option<(RequestId, Option<String>)> {
    let JsonRpcMessage::Request(request) = message else {
        return None;
    };
    let tool = if let ClientRequest::CallToolRequest(call) = &request.request {
        Some(call.params.name.to_string())
    } else {
        None
    };
    Some((request.id.clone(), tool))
}
