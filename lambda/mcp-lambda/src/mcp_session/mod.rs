//! MCP sessions of clients of older revisions (`Mcp-Session-Id`), and requests of a server to its client (elicitation,
//! sampling, roots) across invocations.
//!
//! A server request is sent on the open event stream of one invocation. The client's response is an HTTP request of its
//! own, which arrives at another process and reaches the waiting one through the store. The client's description, above
//! all its capabilities, is sealed into the `Mcp-Session-Id`, so that every process has it.
//!
//! The store holds the end of a session, the messages for its open calls, and, with
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
/// A client initializes again after this time.
pub(crate) const LIFETIME: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// The header of a client that reconnects to an event stream.
const LAST_EVENT_ID: &str = "last-event-id";
/// A tool is stopped this much earlier, so that its last messages can be stored.
const KEEP_MARGIN: Duration = Duration::from_millis(750);
/// Longest session id, in bytes: API Gateway accepts 10 KB of headers in total, most of which the access token needs.
const LONGEST_ID: usize = 4096;

/// The content of a session id.
#[derive(Deserialize, Serialize)]
struct Conversation {
    /// Identifies the session among those of one caller.
    id: String,
    client: InitializeRequestParams,
}

/// The MCP sessions of one server. The process stores nothing about them.
pub(crate) struct Conversations<S> {
    server: Guarded<S>,
    config: StreamableHttpServerConfig,
    state: State,
    /// Whether the server asks its clients while a response is streamed. Otherwise the id only identifies the session.
    asks: bool,
    /// Whether clients can reconnect to an event stream.
    resumes: bool,
}

impl<S: ServerHandler> Conversations<S> {
    /// With buffered responses the server cannot ask: its request would reach the client only together with the
    /// response that waits for it.
    pub(crate) fn new(
        server: Guarded<S>,
        stateless: &StreamableHttpServerConfig,
        settings: &McpSettings,
        state: State,
        needs: &StateNeeds,
    ) -> Option<Self> {
        let asks = needs.asks_clients && settings.response_mode == ResponseMode::Stream;
        let mut config = stateless.clone();
        // The library's own streams state when a client should reconnect; no other stream can be resumed.
        config.sse_retry = None;
        (asks || needs.has_sessions()).then_some(Self {
            server,
            config,
            state,
            asks,
            resumes: asks && needs.resumes_streams,
        })
    }

    /// The HTTP methods of the endpoint.
    pub(crate) fn methods(&self) -> &'static str {
        if self.resumes {
            "POST, GET, DELETE"
        } else {
            "POST, DELETE"
        }
    }

    /// Whether the server can ask a client during its request.
    pub(crate) fn asks(&self) -> bool {
        self.asks
    }

    /// Adds the session id to the response to a successful `initialize`.
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

    /// `None` for a failed `initialize`, and for a client whose description is too long for a header: it is served
    /// without a session.
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

    /// The client and the mailbox of a session that has not ended. The engine refuses an invalid session id as unknown.
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

    /// Handles one request of a session. The protocol engine applies the rules of HTTP and of sessions; it refuses an
    /// invalid session id as unknown, and the client then initializes again.
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
            // A quick response is one JSON document, as without a session.
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

    /// Handles a request without a message: DELETE ends the session, GET resumes one of its event streams.
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
