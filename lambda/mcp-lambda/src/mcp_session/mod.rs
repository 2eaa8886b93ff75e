//! Conversations of clients of older revisions, which carry an `Mcp-Session-Id`: what tells them apart, and requests of
//! a server to its client (elicitation, sampling, roots) across invocations.
//!
//! The question goes out on the open event stream of one invocation; the client's answer is a request of its own, which
//! arrives at another process, and reaches the waiting one through the store. What a process has to know about the
//! client, its capabilities above all, the client carries itself: it is sealed into the `Mcp-Session-Id`.
//!
//! What the store keeps of a conversation is that it has ended, the messages that wait for one of its calls, and, with
//! [`resumable_streams`](crate::Definition::resumable_streams), the events of its calls.

mod answer_stream;
mod call;
pub(crate) mod client_asked;
mod ending;
mod event_place;
mod event_stream;
mod kept_events;
mod mailbox;
mod manager;
mod recorder;
mod resumption;
mod tail;
mod transport;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use mcp_lambda_contract::{McpSettings, ResponseMode};
use rmcp::ServerHandler;
use rmcp::model::{Implementation, InitializeRequestParams, ProtocolVersion};
use rmcp::transport::streamable_http_server::session::SessionManager;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::endpoint::refusal::{Answer, Refusal, json_answer};
use crate::guard::Guarded;
use crate::runtime::deadline::Deadline;
use crate::session::ConversationId;
use crate::state::{State, StateNeeds, unguessable};
use crate::token::caller::Caller;
use answer_stream::Closing;
use call::{Resumable, can_resume};
use mailbox::Mailbox;
use manager::{CallManager, Outcome};
use resumption::Resumption;

pub use answer_stream::AnswerStream;
pub(crate) use client_asked::ClientAsked;
pub(crate) use tail::Tail;

/// The header that carries the sealed client (Streamable HTTP, revisions before 2026-07-28).
pub(crate) const SESSION_ID: &str = "mcp-session-id";
/// A client that is away for longer initializes again.
pub(crate) const LIFETIME: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// The header of a client that comes back to an event stream.
const LAST_EVENT_ID: &str = "last-event-id";
/// For keeping what a tool says at its deadline: it is stopped so much earlier.
const KEEP_MARGIN: Duration = Duration::from_millis(750);
/// Longest session id, in bytes: the gateway takes 10 KB of headers in all, most of which the access token needs.
const LONGEST_ID: usize = 4096;

/// What the client carries for the server.
#[derive(Deserialize, Serialize)]
struct Conversation {
    /// Tells the conversations of one caller apart.
    id: String,
    client: InitializeRequestParams,
}

/// Conversations of one server. Nothing about them is kept in the process.
pub(crate) struct Conversations<S> {
    server: Guarded<S>,
    config: StreamableHttpServerConfig,
    state: State,
    /// Whether the server asks its clients while an answer is streamed. Otherwise the id does nothing but tell one
    /// conversation from another.
    asks: bool,
    /// Whether clients can come back to an event stream.
    resumes: bool,
}

impl<S: ServerHandler> Conversations<S> {
    /// Where answers are buffered, nobody can be asked: a question would reach the client only with the answer that
    /// waits for it.
    pub(crate) fn new(
        server: Guarded<S>,
        stateless: &StreamableHttpServerConfig,
        settings: &McpSettings,
        state: State,
        needs: &StateNeeds,
    ) -> Option<Self> {
        let asks = needs.asks_clients && settings.response_mode == ResponseMode::Stream;
        let mut config = stateless.clone();
        // The library's own streams say themselves when a client should come back; no other stream can be resumed.
        config.sse_retry = None;
        (asks || needs.has_sessions()).then_some(Self {
            server,
            config,
            state,
            asks,
            resumes: asks && needs.resumes_streams,
        })
    }

    /// What the endpoint takes.
    pub(crate) fn methods(&self) -> &'static str {
        if self.resumes {
            "POST, GET, DELETE"
        } else {
            "POST, DELETE"
        }
    }

    /// Whether a client can be asked something while its request runs.
    pub(crate) fn asks(&self) -> bool {
        self.asks
    }

    /// Adds the session id to the answer of a successful `initialize`.
    pub(crate) async fn begin(&self, request: &[u8], caller: &Caller, answer: Answer) -> Answer {
        let (head, body) = answer.into_parts();
        let Ok(body) = body.collect().await;
        let body = body.to_bytes();
        let id = self.session_id(request, &body, caller);
        let mut answer = Response::from_parts(head, Full::new(body).boxed());
        if let Some(id) = id.and_then(|id| HeaderValue::try_from(id).ok()) {
            answer.headers_mut().insert(SESSION_ID, id);
        }
        answer
    }

    /// `None` for an `initialize` that failed, and for a client whose description is too long for a header: it is
    /// served without a conversation.
    fn session_id(&self, request: &[u8], answer: &[u8], caller: &Caller) -> Option<String> {
        let answer: Value = serde_json::from_slice(answer).ok()?;
        let version: ProtocolVersion =
            serde_json::from_value(answer["result"]["protocolVersion"].clone()).ok()?;
        let mut request: Value = serde_json::from_slice(request).ok()?;
        let mut client: InitializeRequestParams =
            serde_json::from_value(request["params"].take()).ok()?;
        client.meta = None;
        client.protocol_version = version;
        // Icons alone can be larger than a header.
        client.client_info =
            Implementation::new(client.client_info.name, client.client_info.version);
        let conversation = Conversation {
            id: unguessable().ok()?,
            client,
        };
        self.state
            .seal
            .close(caller, conversation, LIFETIME)
            .filter(|id| id.len() <= LONGEST_ID)
    }

    fn opened(&self, headers: &HeaderMap, caller: &Caller) -> Option<Conversation> {
        let id = headers.get(SESSION_ID)?;
        self.state.seal.open(caller, id.to_str().ok()?)
    }

    /// The client and the mailbox of a conversation that has not ended; a session id that does not open is left to the
    /// engine, for which it is unknown.
    async fn living(
        &self,
        headers: &HeaderMap,
        caller: &Caller,
        deadline: Deadline,
    ) -> Result<Option<(InitializeRequestParams, Mailbox)>, Refusal> {
        let Some(Conversation { id, client }) = self.opened(headers, caller) else {
            return Ok(None);
        };
        let mailbox = Mailbox::new(self.state.clone(), caller.clone(), id, deadline);
        match mailbox.has_ended().await {
            Ok(false) => Ok(Some((client, mailbox))),
            Ok(true) => Err(Refusal::SessionUnknown),
            Err(problem) => Err(Refusal::StateUnavailable(problem)),
        }
    }

    /// Answers one request of a conversation. The rules of HTTP and of sessions stay the protocol engine's; a session
    /// id that does not open is unknown to it, and the client, told so, initializes again.
    pub(crate) async fn handle(
        &self,
        mut request: Request<Full<Bytes>>,
        caller: &Caller,
        deadline: Deadline,
        wants_stream: bool,
    ) -> Result<Answer, Refusal> {
        let conversation = self.living(request.headers(), caller, deadline).await?;
        let is_known = conversation.is_some();
        if let Some((_, mailbox)) = &conversation {
            let id = ConversationId(mailbox.conversation.clone());
            request.extensions_mut().insert(id);
            request.extensions_mut().insert(ClientAsked::default());
        }
        if !self.asks {
            if !is_known {
                return Err(Refusal::SessionUnknown);
            }
            let manager = Arc::new(NeverSessionManager::default());
            return Ok(self.engine(manager, false).handle(request).await);
        }
        let resumable = conversation
            .as_ref()
            .filter(|(client, _)| self.resumes && can_resume(client))
            .map(|_| {
                let closing = Arc::new(Closing::default());
                let extensions = request.extensions_mut();
                extensions.insert(AnswerStream::new(Arc::clone(&closing)));
                extensions.insert(deadline.earlier_by(KEEP_MARGIN));
                Resumable {
                    closing,
                    wants_stream,
                    log: self.server.log.clone(),
                }
            });
        let manager = CallManager::new(self.server.clone(), conversation, resumable);
        let manager = Arc::new(manager);
        let engine = self.engine(Arc::clone(&manager), true);
        let mut answer = engine.handle(request).await;
        match manager.outcome() {
            // A quick answer is one JSON body, as it is without a conversation.
            Some(Outcome::WholeAnswer(message)) => Ok(json_answer(StatusCode::OK, &json!(message))),
            Some(Outcome::Streaming(tail)) => {
                answer.extensions_mut().insert(tail);
                Ok(answer)
            }
            Some(Outcome::Failed(problem)) => Err(Refusal::StateUnavailable(problem)),
            Some(Outcome::NotAsked) => Err(Refusal::NotAsked),
            None if !is_known && answer.status() == StatusCode::NOT_FOUND => {
                Err(Refusal::SessionUnknown)
            }
            Some(Outcome::Resumes(_)) | None => Ok(answer),
        }
    }

    /// Answers a request without a message: DELETE ends the conversation, GET resumes one of its event streams.
    pub(crate) async fn handle_without_message(
        &self,
        request: Request<Full<Bytes>>,
        caller: &Caller,
        deadline: Deadline,
    ) -> Result<Answer, Refusal> {
        let allowed = self.methods();
        match *request.method() {
            Method::DELETE => {}
            Method::GET if self.resumes => {
                if !request.headers().contains_key(LAST_EVENT_ID) {
                    return Err(Refusal::NoStandaloneStream { allowed });
                }
            }
            _ => return Err(Refusal::MethodNotAllowed { allowed }),
        }
        let conversation = self.living(request.headers(), caller, deadline).await?;
        if conversation.is_none() && request.headers().contains_key(SESSION_ID) {
            return Err(Refusal::SessionUnknown);
        }
        let mailbox = conversation.as_ref().map(|(_, mailbox)| mailbox.clone());
        let manager = Arc::new(CallManager::new(self.server.clone(), conversation, None));
        let engine = self.engine(Arc::clone(&manager), true);
        let answer = engine.handle(request).await;
        match (manager.outcome(), mailbox) {
            (Some(Outcome::Resumes(event_id)), Some(mailbox)) => {
                let policy = &self.server.policy;
                let resumption = Resumption::begin(mailbox, policy, &event_id).await?;
                Ok(resumption.answer())
            }
            (Some(Outcome::Failed(problem)), _) => Err(Refusal::StateUnavailable(problem)),
            (_, _) => Ok(answer),
        }
    }

    /// The protocol engine, for one request.
    fn engine<M: SessionManager>(
        &self,
        manager: Arc<M>,
        legacy_session_mode: bool,
    ) -> StreamableHttpService<Guarded<S>, M> {
        let server = self.server.clone();
        let mut config = self.config.clone();
        config.legacy_session_mode = legacy_session_mode;
        StreamableHttpService::new(move || Ok(server.clone()), manager, config)
    }
}
