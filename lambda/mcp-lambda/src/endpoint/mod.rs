//! The MCP endpoint: checks each request, passes it to the protocol engine and completes the response.

pub(crate) mod accept;
pub(crate) mod batch;
pub(crate) mod bounded_stream;
pub(crate) mod client_description;
pub(crate) mod cors;
pub(crate) mod engine_response;
pub(crate) mod limits;
pub(crate) mod lists;
pub(crate) mod message;
pub(crate) mod mirrored;
pub(crate) mod params;
pub(crate) mod refusal;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use mcp_lambda_contract::{ResponseMode, ScopeHierarchy, full_scope};
use rmcp::ServerHandler;
use rmcp::model::{ErrorCode, ErrorData, JsonObject, JsonRpcError, ProtocolVersion, RequestId};
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};

use crate::endpoint::accept::{
    EVENT_STREAM, JSON, accept_leniently, as_event_stream, prefers_event_stream,
};
use crate::endpoint::bounded_stream::EventStreamBody;
use crate::runtime::invocation_ids::InvocationIds;
use crate::token::policy::{Policy, Verdict};

use crate::definition::Built;
use crate::endpoint::client_description::tolerated;
use crate::endpoint::cors::Cors;
use crate::endpoint::engine_response::{engine_refusal, media_type};
use crate::endpoint::limits::MAX_BODY;
use crate::endpoint::lists::MalformedCursor;
use crate::endpoint::message::Message;
use crate::guard::Guarded;
#[cfg(feature = "dynamodb")]
use crate::mcp_session::{Conversations, SESSION_ID};
use crate::runtime::deadline::Deadline;
use crate::token::caller::Caller;

use crate::endpoint::refusal::{Answer, ChallengeContext, Refusal};
#[cfg(feature = "dynamodb")]
use crate::guard::tool_state::ToolState;
use crate::runtime::process::Process;
use crate::runtime::timer::Timer;
#[cfg(feature = "dynamodb")]
use crate::tasks::{WorkProblem, Worker};
use crate::telemetry::{Record, Telemetry, observed};

/// Comments that keep an event stream alive; the gateway's idle limit is 5 minutes, an edge's 30 seconds.
pub(crate) const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// The HTTP methods of an endpoint without MCP sessions.
const POST_ONLY: &str = "POST";

/// The MCP endpoint: checks of the request, then rmcp's Streamable HTTP service, then corrections of rmcp's response.
///
/// Both Lambda and the plain HTTP mode pass a request and its caller.
pub(crate) struct Endpoint<S: ServerHandler> {
    engine: StreamableHttpService<Guarded<S>, NeverSessionManager>,
    #[cfg(feature = "dynamodb")]
    conversations: Option<Conversations<S>>,
    #[cfg(feature = "dynamodb")]
    worker: Option<Worker<S>>,
    policy: Arc<Policy>,
    /// Input schemas by the tool's name.
    schemas: Arc<BTreeMap<Cow<'static, str>, Arc<JsonObject>>>,
    streams: bool,
    batches_allowed: bool,
    hierarchy: ScopeHierarchy,
    challenges: ChallengeContext,
    cors: Cors,
    telemetry: Arc<Telemetry>,
    timer: Timer,
}

impl<S: ServerHandler> Endpoint<S> {
    pub(crate) fn new(built: Built<S>, process: &Process) -> Self {
        let (settings, contract) = (&built.settings, &built.contract);
        let telemetry = Telemetry::new(&contract.server.name, settings, process, built.spans);
        let resource = settings.resource.as_str();
        let policy = Arc::new(Policy::new(resource, &contract.tools));
        let mut config = StreamableHttpServerConfig::default()
            .with_allowed_hosts(settings.hosts())
            .with_allowed_origins(settings.origins())
            .enforce_origin_validation();
        // One instance serves many callers and many instances serve one caller: no state between requests.
        config.legacy_session_mode = false;
        config.json_response = true;
        config.sse_keep_alive = Some(KEEP_ALIVE);
        config.max_request_body_bytes = MAX_BODY;
        let server = Guarded::new(
            built.server,
            built.tools,
            Arc::clone(&policy),
            settings.response_mode,
            process.log.clone(),
        );
        #[cfg(feature = "dynamodb")]
        let server = server.with_tool_state(built.state.as_ref().map(|kept| {
            ToolState::new(
                kept.state.clone(),
                contract.server.clone(),
                kept.needs.tools.clone(),
                kept.session_time_to_live,
                process.log.clone(),
            )
        }));
        #[cfg(feature = "dynamodb")]
        let server = server.with_tasks(built.tasks.clone());
        #[cfg(feature = "dynamodb")]
        let worker = built.tasks.map(|tasks| Worker::new(server.clone(), tasks));
        #[cfg(feature = "dynamodb")]
        let conversations = built.state.and_then(|kept| {
            Conversations::new(server.clone(), &config, settings, kept.state, &kept.needs)
        });
        let schemas = Arc::clone(&server.schemas);
        let engine = StreamableHttpService::new(
            move || Ok(server.clone()),
            Arc::new(NeverSessionManager::default()),
            config,
        );
        #[cfg(feature = "dynamodb")]
        let methods = conversations
            .as_ref()
            .map_or(POST_ONLY, Conversations::methods);
        #[cfg(not(feature = "dynamodb"))]
        let methods = POST_ONLY;
        let challenges = ChallengeContext {
            metadata_url: settings.metadata_url(),
            scopes: contract
                .scopes
                .iter()
                .map(|scope| full_scope(resource, &scope.name))
                .collect(),
        };
        Self {
            engine,
            #[cfg(feature = "dynamodb")]
            conversations,
            #[cfg(feature = "dynamodb")]
            worker,
            policy,
            schemas,
            streams: settings.response_mode == ResponseMode::Stream,
            batches_allowed: settings.batches_allowed,
            hierarchy: ScopeHierarchy::new(&contract.scopes),
            challenges,
            cors: Cors::new(settings, methods),
            telemetry,
            timer: Timer::default(),
        }
    }

    /// Handles one request and logs it; a batch is logged message by message.
    pub(crate) async fn answer(
        &self,
        request: Request<Bytes>,
        caller: Result<Caller, Refusal>,
        deadline: Deadline,
        invocation: Option<&InvocationIds>,
    ) -> Answer {
        if let Ok(known) = &caller
            && batch::is_allowed(request.headers())
            && request.method() == Method::POST
            && limits::check(request.headers(), request.body()).is_ok()
            && let Some(messages) = batch::messages(request.body())
        {
            let origin = self.cors.allowed_origin(request.headers());
            let (head, body) = request.clone().into_parts();
            let mut answer = match messages {
                Err(refusal) => self.refuse(&refusal, invocation),
                Ok(_) if !self.batches_allowed => {
                    self.refuse(&Refusal::BatchNotAllowed, invocation)
                }
                Ok(_) if mirrored::is_any(request.headers()) => {
                    let rule = "Mcp-Method, Mcp-Name and Mcp-Param-* describe one message: leave them out of a batch";
                    self.refuse(&Refusal::HeaderMismatch(rule), invocation)
                }
                Ok(messages) => {
                    let mut answers = Vec::new();
                    for message in messages {
                        let request = Request::from_parts(head.clone(), body.slice_ref(message));
                        let caller = Ok(known.clone());
                        let answer = self.answer_one(request, caller, deadline, invocation);
                        answers.push(answer.await);
                    }
                    batch::answer(answers).await
                }
            };
            if let Some(origin) = origin {
                Cors::allow(&mut answer, origin);
            }
            return answer;
        }
        self.answer_one(request, caller, deadline, invocation).await
    }

    async fn answer_one(
        &self,
        request: Request<Bytes>,
        caller: Result<Caller, Refusal>,
        deadline: Deadline,
        invocation: Option<&InvocationIds>,
    ) -> Answer {
        let mut record = self.telemetry.begin(invocation);
        let mut message = Message::default();
        let origin = self.cors.allowed_origin(request.headers());
        record.headers(request.headers());
        let outcome = self
            .admitted(request, caller, deadline, &mut message, &mut record)
            .await;
        let mut answer = outcome.unwrap_or_else(|refusal| {
            record.refused(&refusal);
            refusal.answer(&self.challenges, message.id)
        });
        if let Some(origin) = origin {
            Cors::allow(&mut answer, origin);
        }
        record.status(answer.status());
        if media_type(answer.headers()) == EVENT_STREAM {
            return answer.map(|body| observed(body, record).boxed());
        }
        record.finish();
        answer
    }

    /// Processes a work item of a task; without tasks it does nothing.
    #[cfg(feature = "dynamodb")]
    pub(crate) async fn work(
        &self,
        sealed: &str,
        deadline: Deadline,
        invocation: Option<&InvocationIds>,
    ) -> Result<(), WorkProblem> {
        let mut record = self.telemetry.begin(invocation);
        record.work();
        let worked = match &self.worker {
            Some(worker) => worker.work(sealed, deadline, &mut record).await,
            None => Ok(()),
        };
        if worked.is_err() {
            record.outcome().failed();
        }
        record.finish();
        worked
    }

    /// The logs, metrics and spans of all requests.
    pub(crate) fn telemetry(&self) -> &Telemetry {
        &self.telemetry
    }

    /// Responds to a preflight request.
    pub(crate) fn preflight(&self, headers: &HeaderMap) -> Option<Answer> {
        self.cors.preflight(headers)
    }

    /// Refuses a request before any other check, and logs it.
    pub(crate) fn refuse(&self, refusal: &Refusal, invocation: Option<&InvocationIds>) -> Answer {
        let mut record = self.telemetry.begin(invocation);
        record.refused(refusal);
        let answer = refusal.answer(&self.challenges, None);
        record.status(answer.status());
        record.finish();
        answer
    }

    /// Logs a response that needs no checks.
    pub(crate) fn logged(&self, answer: Answer, invocation: Option<&InvocationIds>) -> Answer {
        let mut record = self.telemetry.begin(invocation);
        record.status(answer.status());
        record.finish();
        answer
    }

    async fn admitted(
        &self,
        mut request: Request<Bytes>,
        caller: Result<Caller, Refusal>,
        deadline: Deadline,
        message: &mut Message,
        record: &mut Record,
    ) -> Result<Answer, Refusal> {
        let caller = caller?.with_included(&self.hierarchy);
        if request.method() != Method::POST {
            record.without_message(request.method());
            record.admitted();
            return self.without_message(request, &caller, deadline).await;
        }
        limits::check(request.headers(), request.body())?;
        *message = Message::read(request.body())?;
        let tool = message
            .tool
            .as_deref()
            .filter(|tool| self.policy.knows(tool));
        record.message(message, tool);
        if let Some(tool) = &message.tool
            && let Verdict::NeedsScopes(scopes) = self.policy.judge(tool, &caller)
        {
            return Err(Refusal::InsufficientScope {
                tool: tool.clone(),
                scopes,
            });
        }
        let is_legacy = is_legacy(request.headers());
        if is_legacy {
            mirrored::check(request.headers(), message)?;
            if let Some(schema) = message
                .tool
                .as_deref()
                .and_then(|tool| self.schemas.get(tool))
            {
                mirrored::check_arguments(request.headers(), schema, request.body())?;
            }
        }
        record.admitted();
        let outcome = record.outcome();
        request.extensions_mut().insert(outcome.clone());
        if message.has_malformed_cursor {
            request.extensions_mut().insert(MalformedCursor);
        }
        if message.is_oddly_described
            && let Some(body) = tolerated(request.body())
        {
            *request.body_mut() = body;
        }
        let wants_stream = self.streams && prefers_event_stream(request.headers());
        accept_leniently(request.headers_mut());
        // A server must not forward a caller's access token, so it does not get the token.
        request.headers_mut().remove(AUTHORIZATION);
        let in_conversation = is_legacy && self.is_in_conversation(&request, message);
        let can_answer = in_conversation && self.asks_clients();
        request.extensions_mut().insert(caller.clone());
        request.extensions_mut().insert(deadline);

        let handled = self.handled(
            request,
            message,
            &caller,
            deadline,
            in_conversation,
            wants_stream,
        );
        // Boxed, because it is large and every wrapper would move it.
        let handled = AssertUnwindSafe(outcome.active(handled.boxed())).catch_unwind();
        let answer = match deadline.for_answer() {
            None => handled.await,
            Some(end) => self
                .timer
                .until(end, handled)
                .await
                .ok_or(Refusal::DeadlineReached)?,
        };
        let answer = answer.map_err(|_| Refusal::ServerPanicked)??;
        let id = message.id.clone();
        match media_type(answer.headers()) {
            EVENT_STREAM => Ok(self.bounded_stream(answer, deadline, id, is_legacy && !can_answer)),
            // Older revisions require resumable streams, and only streams of the library itself are resumable.
            JSON if wants_stream && !is_legacy => Ok(as_event_stream(answer).await),
            JSON => Ok(answer),
            _ if answer.status().is_client_error() || answer.status().is_server_error() => {
                Err(match (engine_refusal(answer).await, message.malformed) {
                    (Refusal::NotOneMessage(_), Some(rule)) => {
                        // Older clients do not read the body of an error status; it is one for a request without the
                        // metadata that 2026-07-28 requires, and for a notification, which has no response.
                        let has_answer = is_legacy && message.id.is_some();
                        let status = if has_answer {
                            StatusCode::OK
                        } else {
                            StatusCode::BAD_REQUEST
                        };
                        Refusal::ParamsMalformed { rule, status }
                    }
                    (refusal, _) => refusal,
                })
            }
            _ => Ok(answer),
        }
    }

    /// Handles GET and DELETE for servers that have MCP sessions with clients of older revisions.
    #[cfg(feature = "dynamodb")]
    async fn without_message(
        &self,
        mut request: Request<Bytes>,
        caller: &Caller,
        deadline: Deadline,
    ) -> Result<Answer, Refusal> {
        let Some(conversations) = self
            .conversations
            .as_ref()
            .filter(|_| is_legacy(request.headers()))
        else {
            return Err(Refusal::MethodNotAllowed { allowed: POST_ONLY });
        };
        limits::check(request.headers(), request.body())?;
        accept_leniently(request.headers_mut());
        // The engine does not get the token either.
        request.headers_mut().remove(AUTHORIZATION);
        let request = request.map(|_| Full::default());
        let answer = conversations
            .handle_without_message(request, caller, deadline)
            .await?;
        if answer.status().is_client_error() || answer.status().is_server_error() {
            return Err(engine_refusal(answer).await);
        }
        Ok(answer)
    }

    #[cfg(not(feature = "dynamodb"))]
    async fn without_message(
        &self,
        _request: Request<Bytes>,
        _caller: &Caller,
        _deadline: Deadline,
    ) -> Result<Answer, Refusal> {
        Err(Refusal::MethodNotAllowed { allowed: POST_ONLY })
    }

    /// Whether the request of a client of an older revision belongs to an MCP session.
    #[cfg(feature = "dynamodb")]
    fn is_in_conversation(&self, request: &Request<Bytes>, message: &Message) -> bool {
        // `initialize` begins a new session.
        let begins = message.method.as_deref() == Some("initialize");
        self.conversations.is_some() && !begins && request.headers().contains_key(SESSION_ID)
    }

    #[cfg(not(feature = "dynamodb"))]
    fn is_in_conversation(&self, _request: &Request<Bytes>, _message: &Message) -> bool {
        false
    }

    fn asks_clients(&self) -> bool {
        #[cfg(feature = "dynamodb")]
        return self.conversations.as_ref().is_some_and(Conversations::asks);
        #[cfg(not(feature = "dynamodb"))]
        false
    }

    #[cfg(feature = "dynamodb")]
    async fn handled(
        &self,
        request: Request<Bytes>,
        message: &Message,
        caller: &Caller,
        deadline: Deadline,
        in_conversation: bool,
        wants_stream: bool,
    ) -> Result<Answer, Refusal> {
        match &self.conversations {
            Some(conversations) if in_conversation => {
                let request = request.map(Full::new);
                conversations
                    .handle(request, caller, deadline, wants_stream)
                    .await
            }
            Some(conversations) if message.method.as_deref() == Some("initialize") => {
                let body = request.body().clone();
                let answer = self.engine.handle(request.map(Full::new)).await;
                if media_type(answer.headers()) != JSON {
                    return Ok(answer);
                }
                Ok(conversations.begin(&body, caller, answer).await)
            }
            Some(_) | None => Ok(self.engine.handle(request.map(Full::new)).await),
        }
    }

    #[cfg(not(feature = "dynamodb"))]
    async fn handled(
        &self,
        request: Request<Bytes>,
        _message: &Message,
        _caller: &Caller,
        _deadline: Deadline,
        _in_conversation: bool,
        _wants_stream: bool,
    ) -> Result<Answer, Refusal> {
        Ok(self.engine.handle(request.map(Full::new)).await)
    }

    fn bounded_stream(
        &self,
        answer: Answer,
        deadline: Deadline,
        id: Option<RequestId>,
        cannot_answer: bool,
    ) -> Answer {
        let late = Refusal::DeadlineReached.error(&self.challenges, id.clone());
        let unanswerable = cannot_answer.then(|| {
            let rule = if self.asks_clients() {
                "the server needs to ask the client something: send the Mcp-Session-Id that initialize was answered with"
            } else {
                "the server needs to ask the client something, which this server can do from protocol version 2026-07-28 on"
            };
            JsonRpcError::new(id, ErrorData::new(ErrorCode::INVALID_REQUEST, rule, None))
        });
        answer.map(|body| {
            EventStreamBody::new(body, deadline.for_answer(), late, unanswerable).boxed()
        })
    }
}

fn is_legacy(headers: &HeaderMap) -> bool {
    headers
        .get("mcp-protocol-version")
        .and_then(|version| version.to_str().ok())
        .is_none_or(|version| version < ProtocolVersion::V_2026_07_28.as_str())
}
