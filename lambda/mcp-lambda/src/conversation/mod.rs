//! Conversations of clients of older revisions, which carry an `Mcp-Session-Id`: what tells them apart, and requests of
//! a server to its client (elicitation, sampling, roots) across invocations.
//!
//! The question goes out on the open event stream of one invocation; the client's answer is a request of its own, which
//! arrives at another process, and reaches the waiting one through the store. What a process has to know about the
//! client, its capabilities above all, the client carries itself: it is sealed into the `Mcp-Session-Id`.

mod mailbox;
mod manager;
mod transport;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use mcp_lambda_contract::{McpSettings, ResponseMode};
use rmcp::ServerHandler;
use rmcp::model::{Implementation, InitializeRequestParams, ProtocolVersion};
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::caller::Caller;
use crate::deadline::Deadline;
use crate::guard::Guarded;
use crate::refusal::{Answer, Refusal, json_answer};
use crate::session::ConversationId;
use crate::state::{State, StateNeeds, unguessable};
use mailbox::Mailbox;
use manager::{CallManager, Outcome};

/// The header that carries the sealed client (Streamable HTTP, revisions before 2026-07-28).
pub(crate) const SESSION_ID: &str = "mcp-session-id";
/// A client that is away for longer initializes again.
pub(crate) const LIFETIME: Duration = Duration::from_secs(7 * 24 * 60 * 60);
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
        config.legacy_session_mode = asks;
        // A retry hint would invite the client to resume a stream that no other process has.
        config.sse_retry = None;
        (asks || needs.has_sessions()).then_some(Self {
            server,
            config,
            state,
            asks,
        })
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

    /// Answers one request of a conversation. The rules of HTTP and of sessions stay the protocol engine's; a session
    /// id that does not open is unknown to it, and the client, told so, initializes again.
    pub(crate) async fn handle(
        &self,
        mut request: Request<Full<Bytes>>,
        caller: &Caller,
        deadline: Deadline,
    ) -> Result<Answer, Refusal> {
        let conversation: Option<Conversation> = request
            .headers()
            .get(SESSION_ID)
            .and_then(|id| self.state.seal.open(caller, id.to_str().ok()?));
        let is_known = conversation.is_some();
        if let Some(Conversation { id, .. }) = &conversation {
            request.extensions_mut().insert(ConversationId(id.clone()));
        }
        if !self.asks {
            if !is_known {
                return Err(Refusal::SessionUnknown);
            }
            let server = self.server.clone();
            let engine = StreamableHttpService::new(
                move || Ok(server.clone()),
                Arc::new(NeverSessionManager::default()),
                self.config.clone(),
            );
            return Ok(engine.handle(request).await);
        }
        let manager = Arc::new(CallManager::new(
            self.server.clone(),
            conversation.map(|Conversation { id, client }| {
                (
                    client,
                    Mailbox::new(self.state.clone(), caller.clone(), id, deadline),
                )
            }),
        ));
        let server = self.server.clone();
        let engine = StreamableHttpService::new(
            move || Ok(server.clone()),
            Arc::clone(&manager),
            self.config.clone(),
        );
        let answer = engine.handle(request).await;
        match manager.outcome() {
            // A quick answer is one JSON body, as it is without a conversation.
            Some(Outcome::WholeAnswer(message)) => Ok(json_answer(StatusCode::OK, &json!(message))),
            Some(Outcome::Failed(problem)) => Err(Refusal::StateUnavailable(problem)),
            None if !is_known && answer.status() == StatusCode::NOT_FOUND => {
                Err(Refusal::SessionUnknown)
            }
            None => Ok(answer),
        }
    }
}
