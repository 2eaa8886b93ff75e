//! MCP sessions of clients of older revisions (`Mcp-Session-Id`), and requests of a server to its client (elicitation,
//! sampling, roots) across invocations.
//!
//! A server request is sent on the open event stream of one invocation. The client's response is an HTTP request of its
//! own, which arrives at another process and reaches the waiting one through the store. The client's description, above
//! all its capabilities, is sealed into the `Mcp-Session-Id`, so that every process has it.
//!
//! The store holds the end of a session where its value was, the messages for its open calls, and, with
//! [`resumable_streams`](crate::Definition::resumable_streams), the events of its calls.

mod call;
pub(crate) mod client_asked;
mod ending;
mod event_log;
mod event_position;
mod event_stream;
mod mailbox;
mod manager;
mod recorder;
pub(crate) mod response_stream;
mod resumption;
pub(crate) mod session_id;
mod transport;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use mcp_lambda_contract::{McpSettings, ResponseMode};
use rmcp::ServerHandler;
use rmcp::model::{Implementation, InitializeRequestParams, ProtocolVersion};
use rmcp::transport::streamable_http_server::session::SessionManager;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use serde_json::Value;

use crate::endpoint::audited::AuditedResponse;
use crate::endpoint::message::Message;
use crate::endpoint::refusal::{Refusal, json_response};
use crate::endpoint::reply::Reply;
use crate::guard::Guarded;
use crate::request_facts::RequestFacts;
use crate::runtime::deadline::Deadline;
use crate::runtime::response::Response;
use crate::state::refusal::StateRefusal;
use crate::state::requirements::StateRequirements;
use crate::state::session_state::{McpSessionId, SessionItem};
use crate::state::store::{State, unguessable};
use crate::token::caller::Caller;
use call::Resumable;
use client_asked::ClientAsked;
use ending::needs_session;
use mailbox::Mailbox;
use manager::{CallManager, Outcome};
use response_stream::{Closing, ResponseStream};
use resumption::Resumption;
use session_id::{LIFETIME, LONGEST_ID, SESSION_ID, SealedSession};

/// The header of a client that reconnects to an event stream.
const LAST_EVENT_ID: &str = "last-event-id";
/// A tool is stopped this much earlier, so that its last messages can be stored.
const KEEP_MARGIN: Duration = Duration::from_millis(750);

/// The MCP sessions of one server. The process stores nothing about them.
pub(crate) struct McpSessions<S> {
    server: Guarded<S>,
    config: StreamableHttpServerConfig,
    state: State,
    /// Whether the server asks its clients while a response is streamed. Otherwise the id only identifies the session.
    asks: bool,
    /// Whether clients can reconnect to an event stream.
    resumes: bool,
}

impl<S: ServerHandler> McpSessions<S> {
    /// With buffered responses the server cannot ask: its request would reach the client only together with the
    /// response that waits for it.
    pub(crate) fn new(
        server: Guarded<S>,
        stateless: &StreamableHttpServerConfig,
        settings: &McpSettings,
        state: State,
        requirements: &StateRequirements,
    ) -> Option<Self> {
        let asks = requirements.asks_clients && settings.response_mode == ResponseMode::Stream;
        let mut config = stateless.clone();
        // The library's own streams state when a client should reconnect; no other stream can be resumed.
        config.sse_retry = None;
        (asks || requirements.has_sessions()).then_some(Self {
            server,
            config,
            state,
            asks,
            resumes: asks && requirements.resumes_streams,
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
    pub(crate) async fn begin(
        &self,
        request: &[u8],
        caller: &Caller,
        response: Response,
    ) -> Response {
        let (head, body) = response.into_parts();
        let Ok(body) = body.collect().await;
        let body = body.to_bytes();
        let id = self.session_id(request, &body, caller);
        let mut response = Response::from_parts(head, Full::new(body).boxed());
        if let Some(id) = id.and_then(|id| HeaderValue::try_from(id).ok()) {
            response.headers_mut().insert(SESSION_ID, id);
        }
        response
    }

    /// `None` for a failed `initialize`, and for a client whose description is too long for a header: it is served
    /// without a session.
    fn session_id(&self, request: &[u8], response: &[u8], caller: &Caller) -> Option<String> {
        let response: Value = serde_json::from_slice(response).ok()?;
        let version: ProtocolVersion =
            serde_json::from_value(response["result"]["protocolVersion"].clone()).ok()?;
        let mut request: Value = serde_json::from_slice(request).ok()?;
        let mut client: InitializeRequestParams =
            serde_json::from_value(request["params"].take()).ok()?;
        client.meta = None;
        client.protocol_version = version;
        // Icons alone can be larger than a header.
        client.client_info =
            Implementation::new(client.client_info.name, client.client_info.version);
        let session = SealedSession {
            id: unguessable().ok()?,
            client,
        };
        self.state
            .seal
            .close(caller, session, LIFETIME)
            .filter(|id| id.len() <= LONGEST_ID)
    }

    fn open(&self, headers: &HeaderMap, caller: &Caller) -> Option<SealedSession> {
        let id = headers.get(SESSION_ID)?;
        self.state.seal.open(caller, id.to_str().ok()?)
    }

    /// The client and the mailbox of a session, which may have ended. rmcp refuses an invalid session id as unknown.
    fn find(
        &self,
        headers: &HeaderMap,
        caller: &Caller,
        deadline: Deadline,
    ) -> Option<(InitializeRequestParams, Mailbox)> {
        let SealedSession { id, client } = self.open(headers, caller)?;
        let mailbox = Mailbox::new(self.state.clone(), caller.clone(), id, deadline);
        Some((client, mailbox))
    }

    /// Responds to one message of a session. rmcp applies the rules of HTTP and of sessions; it refuses an invalid
    /// session id as unknown, and the client then initializes again.
    pub(crate) async fn respond(
        &self,
        mut request: Request<Full<Bytes>>,
        message: &Message,
        mut facts: RequestFacts,
    ) -> Result<Reply, Refusal> {
        let session = self.find(request.headers(), &facts.caller, facts.deadline);
        let is_known = session.is_some();
        if let Some((_, mailbox)) = &session {
            if needs_session(message) {
                let item = facts.permit.given_back_on_wait(item_of(mailbox)).await?;
                facts.state.session_item = Some(Arc::new(item));
            }
            facts.state.session_id = Some(McpSessionId(mailbox.session.clone()));
            facts.state.client_asked = Some(ClientAsked::default());
        }
        if !self.asks {
            if !is_known {
                return Err(StateRefusal::SessionUnknown.into());
            }
            facts.attach(request.extensions_mut());
            let manager = Arc::new(NeverSessionManager::default());
            let response = self.rmcp_service(manager, false).handle(request).await;
            return Ok(response.into());
        }
        let resumable = session
            .as_ref()
            .filter(|(client, _)| self.resumes && can_resume(client))
            .map(|_| {
                let closing = Arc::new(Closing::default());
                let stream = ResponseStream::new(Arc::clone(&closing));
                facts.state.response_stream = Some(stream);
                facts.deadline = facts.deadline.earlier_by(KEEP_MARGIN);
                Resumable {
                    closing,
                    wants_stream: facts.wants_stream,
                    log: self.server.log.clone(),
                    shutdown: self.server.shutdown.clone(),
                    audited: AuditedResponse::of(message, &facts, &self.server.policy),
                }
            });
        facts.attach(request.extensions_mut());
        let manager = CallManager::new(self.server.clone(), session, resumable);
        let manager = Arc::new(manager);
        let service = self.rmcp_service(Arc::clone(&manager), true);
        let response = service.handle(request).await;
        match manager.take_outcome() {
            // A quick response is one JSON document, as without a session.
            Some(Outcome::WholeResponse(message)) => {
                Ok(json_response(StatusCode::OK, &message).into())
            }
            Some(Outcome::Streaming(tail)) => Ok(Reply {
                response,
                tail: Some(tail),
            }),
            Some(Outcome::Failed(problem)) => Err(StateRefusal::Unavailable(problem).into()),
            Some(Outcome::HasEnded) => Err(StateRefusal::SessionUnknown.into()),
            Some(Outcome::NotAsked) => Err(StateRefusal::NotAsked.into()),
            None if !is_known && response.status() == StatusCode::NOT_FOUND => {
                Err(StateRefusal::SessionUnknown.into())
            }
            Some(Outcome::Resumes(_)) | None => Ok(response.into()),
        }
    }

    /// Responds to a request without a message: DELETE ends the session, GET resumes one of its event streams.
    pub(crate) async fn respond_without_message(
        &self,
        request: Request<Full<Bytes>>,
        facts: &RequestFacts,
    ) -> Result<Response, Refusal> {
        let allowed = self.methods();
        match *request.method() {
            Method::DELETE => {}
            Method::GET if self.resumes => {
                if !request.headers().contains_key(LAST_EVENT_ID) {
                    return Err(StateRefusal::NoStandaloneStream { allowed }.into());
                }
            }
            _ => return Err(Refusal::MethodNotAllowed { allowed }),
        }
        let session = self.find(request.headers(), &facts.caller, facts.deadline);
        if session.is_none() && request.headers().contains_key(SESSION_ID) {
            return Err(StateRefusal::SessionUnknown.into());
        }
        let mailbox = session.as_ref().map(|(_, mailbox)| mailbox.clone());
        // DELETE reads the item itself.
        if request.method() == Method::GET
            && let Some(mailbox) = &mailbox
        {
            item_of(mailbox).await?;
        }
        let manager = Arc::new(CallManager::new(self.server.clone(), session, None));
        let service = self.rmcp_service(Arc::clone(&manager), true);
        let response = service.handle(request).await;
        match (manager.take_outcome(), mailbox) {
            (Some(Outcome::Resumes(event_id)), Some(mailbox)) => {
                let policy = &self.server.policy;
                let resumption = Resumption::begin(mailbox, policy, &event_id).await?;
                Ok(resumption.respond(self.server.shutdown.clone()))
            }
            (Some(Outcome::Failed(problem)), _) => Err(StateRefusal::Unavailable(problem).into()),
            (Some(Outcome::HasEnded), _) => Err(StateRefusal::SessionUnknown.into()),
            (_, _) => Ok(response),
        }
    }

    /// rmcp's service, for one request.
    fn rmcp_service<M: SessionManager>(
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

/// The item of a session that has not ended.
async fn item_of(mailbox: &Mailbox) -> Result<SessionItem, StateRefusal> {
    match mailbox.item().await {
        Ok(item) => item.ok_or(StateRefusal::SessionUnknown),
        Err(problem) => Err(StateRefusal::Unavailable(problem)),
    }
}

/// Whether a client can reconnect for a response: streams that begin with an empty event exist from this revision on,
/// and older clients fail on them (2025-11-25, transports, sending messages).
fn can_resume(client: &InitializeRequestParams) -> bool {
    client.protocol_version.as_str() >= ProtocolVersion::V_2025_11_25.as_str()
}
