//! The MCP endpoint: checks each request, passes it to rmcp and completes the response.

pub(crate) mod accept;
pub(crate) mod audited;
pub(crate) mod batch;
pub(crate) mod bounded_stream;
pub(crate) mod client_description;
pub(crate) mod cors;
pub(crate) mod error_code;
pub(crate) mod limits;
pub(crate) mod lists;
pub(crate) mod media_type;
pub(crate) mod message;
pub(crate) mod mirrored;
pub(crate) mod params;
pub(crate) mod recorded_stream;
pub(crate) mod refusal;
pub(crate) mod reply;
pub(crate) mod rmcp_refusal;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use mcp_lambda_contract::{AuditApi, ResponseMode, ScopeHierarchy, full_scope};
use rmcp::ServerHandler;
use rmcp::model::{ErrorCode, ErrorData, JsonObject, JsonRpcError, RequestId};
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};

use crate::audit::Audit;
use crate::definition::BuiltServer;
use crate::endpoint::accept::{
    EVENT_STREAM, JSON, accept_leniently, prefers_event_stream, to_event_stream,
};
use crate::endpoint::audited::AuditedResponse;
use crate::endpoint::bounded_stream::{EventStreamBody, KEEP_ALIVE};
use crate::endpoint::client_description::tolerate;
use crate::endpoint::cors::Cors;
use crate::endpoint::limits::MAX_BODY;
use crate::endpoint::media_type::media_type;
use crate::endpoint::message::Message;
use crate::endpoint::refusal::{ChallengeContext, Refusal, check_scopes};
use crate::endpoint::reply::Reply;
use crate::endpoint::rmcp_refusal::rmcp_refusal;
use crate::guard::identity::Identity;
use crate::guard::{Guarded, RmcpService};
use crate::request_facts::RequestFacts;
use crate::revision::Revision;
use crate::runtime::deadline::Deadline;
use crate::runtime::invocation_ids::InvocationIds;
use crate::runtime::process::Process;
use crate::runtime::response::Response;
use crate::runtime::shutdown::Shutdown;
use crate::runtime::timer::Timer;
use crate::state::caller_limits::CallerLimits;
use crate::state::endpoint_state::{EndpointState, WorkError};
use crate::telemetry::{Record, Telemetry, observe};
use crate::token::caller::Caller;
use crate::token::policy::Policy;
use crate::tools_api::ToolsApi;
use crate::work_permit::WorkPermit;

/// The MCP endpoint: checks of the request, then rmcp's Streamable HTTP service, then corrections of rmcp's response.
///
/// Both Lambda and the plain HTTP mode pass a request and its caller.
pub(crate) struct Endpoint<S: ServerHandler> {
    rmcp: RmcpService<S>,
    state: EndpointState<S>,
    policy: Arc<Policy>,
    limits: CallerLimits,
    audit: Audit,
    /// Input schemas by the tool's name.
    schemas: Arc<BTreeMap<Cow<'static, str>, Arc<JsonObject>>>,
    streams: bool,
    batches_allowed: bool,
    hierarchy: ScopeHierarchy,
    challenges: ChallengeContext,
    cors: Cors,
    telemetry: Arc<Telemetry>,
    /// The timer of successive invocations; `None` where requests run at the same time.
    timer: Option<Timer>,
    shutdown: Shutdown,
    /// `None` for a deployment without plain REST.
    tools_api: Option<ToolsApi<S>>,
}

impl<S: ServerHandler> Endpoint<S> {
    pub(crate) fn new(built: BuiltServer<S>, process: &Process, shutdown: Shutdown) -> Self {
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
            Identity::new(&contract.server, built.instructions),
            built.tools,
            Arc::clone(&policy),
            settings.response_mode,
            process.log.clone(),
            built.state.for_calls(&contract.server, &process.log),
        )
        .with_apps(built.apps, contract)
        .until(shutdown.clone())
        .recorded_by(built.audit.clone());
        let limits = built.state.limits.clone();
        let state = EndpointState::new(&server, &config, settings, built.state);
        let schemas = Arc::clone(&server.schemas);
        let challenges = ChallengeContext {
            metadata_url: settings.metadata_url(),
            scopes: contract
                .scopes
                .iter()
                .map(|scope| full_scope(resource, &scope.name))
                .collect(),
        };
        let tools_api = ToolsApi::new(&server, settings, contract, &challenges, &telemetry);
        let rmcp = StreamableHttpService::new(
            move || Ok(server.clone()),
            Arc::new(NeverSessionManager::default()),
            config,
        );
        Self {
            rmcp,
            cors: Cors::new(settings, state.methods()),
            state,
            policy,
            limits,
            audit: built.audit,
            schemas,
            streams: settings.response_mode == ResponseMode::Stream,
            batches_allowed: settings.batches_allowed,
            hierarchy: ScopeHierarchy::new(&contract.scopes),
            challenges,
            telemetry,
            timer: process.is_function().then(Timer::default),
            shutdown,
            tools_api,
        }
    }

    /// Responds to one request and logs it; a batch is logged message by message.
    pub(crate) async fn respond(
        &self,
        request: Request<Bytes>,
        caller: Result<Caller, Refusal>,
        deadline: Deadline,
        invocation: Option<&InvocationIds>,
        permit: &WorkPermit,
    ) -> Reply {
        let origin = self.cors.allowed_origin(request.headers());
        let revision = Revision::of_request(request.headers());
        let caller = caller.map(|caller| caller.with_included(&self.hierarchy));
        let mut reply = match caller {
            Ok(caller) if is_batch(&request, revision) => {
                // A batch waits for each of its messages in turn.
                permit.give_back();
                self.respond_to_batch(&request, &Arc::new(caller), revision, deadline, invocation)
                    .await
                    .into()
            }
            caller => {
                let mut record = self.telemetry.begin(invocation);
                record.headers(request.headers(), revision);
                let read = caller.and_then(|caller| {
                    let message = read(&request)?;
                    let mut facts =
                        RequestFacts::new(Arc::new(caller), deadline, revision, record.outcome());
                    facts.permit = permit.clone();
                    facts.audit =
                        self.audit
                            .call(AuditApi::Mcp, &facts.caller, record.invocation());
                    Ok((facts, message))
                });
                self.respond_to_one(request, read, record).await
            }
        };
        if let Some(origin) = origin {
            Cors::allow(&mut reply.response, origin);
        }
        reply
    }

    async fn respond_to_batch(
        &self,
        request: &Request<Bytes>,
        caller: &Arc<Caller>,
        revision: Revision,
        deadline: Deadline,
        invocation: Option<&InvocationIds>,
    ) -> Response {
        let messages = match self.read_batch(request) {
            Ok(messages) => messages,
            Err(refusal) => return self.refuse(&refusal, invocation),
        };
        let mut responses = Vec::new();
        for (part, message) in messages {
            let mut request = request.clone();
            *request.body_mut() = request.body().slice_ref(part);
            let mut record = self.telemetry.begin(invocation);
            record.headers(request.headers(), revision);
            let mut facts =
                RequestFacts::new(Arc::clone(caller), deadline, revision, record.outcome());
            facts.audit = self.audit.call(AuditApi::Mcp, caller, record.invocation());
            let read = message.map(|message| (facts, Some(message)));
            let reply = self.respond_to_one(request, read, record).await;
            responses.push(reply.response);
        }
        batch::join(responses).await
    }

    /// The messages of a batch.
    fn read_batch<'a>(&self, request: &'a Request<Bytes>) -> Result<Vec<batch::Part<'a>>, Refusal> {
        limits::check(request.headers(), request.body())?;
        let messages = batch::split(request.body())?;
        if !self.batches_allowed {
            return Err(Refusal::BatchNotAllowed);
        }
        if mirrored::is_any(request.headers()) {
            let rule = "Mcp-Method, Mcp-Name and Mcp-Param-* describe one message: leave them out of a batch";
            return Err(Refusal::HeaderMismatch(rule));
        }
        Ok(messages)
    }

    /// Responds to one message, or to a request without a message, and logs it.
    async fn respond_to_one(
        &self,
        request: Request<Bytes>,
        read: Result<(RequestFacts, Option<Message>), Refusal>,
        mut record: Record,
    ) -> Reply {
        let mut id = None;
        let reply = match read {
            Ok((facts, Some(message))) => {
                id.clone_from(&message.id);
                let audited = AuditedResponse::of(&message, &facts, &self.policy);
                let reply = self
                    .respond_to_message(request, &message, facts, &mut record)
                    .await;
                match audited {
                    Some(audited) => audited.recorded(reply).await,
                    None => reply,
                }
            }
            Ok((facts, None)) => {
                record.without_message(request.method());
                self.respond_without_message(request, &facts, &mut record)
                    .await
            }
            Err(refusal) => Err(refusal),
        };
        let mut reply = reply.unwrap_or_else(|refusal| {
            record.refuse(&refusal);
            refusal.respond(&self.challenges, id).into()
        });
        record.status(reply.response.status());
        if media_type(reply.response.headers()) == EVENT_STREAM {
            reply.response = reply.response.map(|body| observe(body, record).boxed());
        } else {
            record.finish();
        }
        reply
    }

    async fn respond_without_message(
        &self,
        request: Request<Bytes>,
        facts: &RequestFacts,
        record: &mut Record,
    ) -> Result<Reply, Refusal> {
        self.limits.request(&facts.caller, facts.deadline).await?;
        record.admit();
        self.state.respond_without_message(request, facts).await
    }

    /// Judges one message, lets rmcp respond to it until the deadline, and completes the response.
    async fn respond_to_message(
        &self,
        mut request: Request<Bytes>,
        message: &Message,
        mut facts: RequestFacts,
        record: &mut Record,
    ) -> Result<Reply, Refusal> {
        record.message(message);
        if let Some(tool) = message
            .tool
            .as_deref()
            .filter(|tool| self.policy.knows(tool))
        {
            record.tool(tool);
        }
        self.limits.request(&facts.caller, facts.deadline).await?;
        self.judge(&request, message, &facts)?;
        record.admit();
        facts.outcome = record.outcome();
        facts.has_malformed_cursor = message.has_malformed_cursor;
        facts.wants_stream = self.streams && prefers_event_stream(request.headers());
        if message.is_oddly_described
            && let Some(body) = tolerate(request.body())
        {
            *request.body_mut() = body;
        }
        accept_leniently(request.headers_mut());
        // A server must not forward a caller's access token, so it does not get the token.
        request.headers_mut().remove(AUTHORIZATION);
        let (deadline, revision) = (facts.deadline, facts.revision);
        let (outcome, wants_stream) = (facts.outcome.clone(), facts.wants_stream);
        let has_session =
            revision.is_legacy() && self.state.has_session(request.headers(), message);
        let can_ask = !revision.is_legacy() || has_session && self.state.asks_clients();
        let reply = self
            .state
            .respond(request, message, facts, has_session, &self.rmcp);
        // Boxed, because it is large and every wrapper would move it.
        let reply = AssertUnwindSafe(outcome.active(reply.boxed())).catch_unwind();
        let reply = match (deadline.for_response(), &self.timer) {
            (Some(end), Some(timer)) => timer.until(end, reply).await,
            (end, _) => tokio::select! {
                biased;
                reply = reply => Some(reply),
                () = self.shutdown.clone().late(end) => None,
            },
        };
        let reply = reply.ok_or(Refusal::DeadlineReached)?;
        let Reply { response, tail } = reply.map_err(|_| Refusal::ServerPanicked)??;
        let response = match media_type(response.headers()) {
            EVENT_STREAM => self.bound_stream(response, deadline, message.id.clone(), can_ask),
            // Older revisions require resumable streams, and only streams of the library itself are resumable.
            JSON if wants_stream && !revision.is_legacy() => to_event_stream(response).await,
            JSON => response,
            _ if is_failure(response.status()) => {
                let refusal = rmcp_refusal(response).await;
                return Err(explain(refusal, message, revision));
            }
            _ => response,
        };
        Ok(Reply { response, tail })
    }

    /// Refuses what the caller may not call, and headers that contradict the message.
    fn judge(
        &self,
        request: &Request<Bytes>,
        message: &Message,
        facts: &RequestFacts,
    ) -> Result<(), Refusal> {
        if let Some(tool) = &message.tool {
            check_scopes(&self.policy, tool, &facts.caller)?;
        }
        // rmcp checks the headers of later revisions.
        if facts.revision.is_legacy() {
            mirrored::check(request.headers(), message)?;
            let tool = message.tool.as_deref();
            if let Some(schema) = tool.and_then(|tool| self.schemas.get(tool)) {
                mirrored::check_arguments(request.headers(), schema, request.body())?;
            }
        }
        Ok(())
    }

    /// Processes a work item that the function has sent to itself.
    pub(crate) async fn work(
        &self,
        sealed: &str,
        deadline: Deadline,
        invocation: Option<&InvocationIds>,
    ) -> Result<(), WorkError> {
        let mut record = self.telemetry.begin(invocation);
        record.work();
        let mut result = Ok(());
        if let Some(item) = self.state.open(sealed) {
            record.continues(item.sent_by());
            let outcome = record.outcome();
            result = outcome
                .active(self.state.work(item, deadline, &mut record))
                .await;
        }
        if result.is_err() {
            record.outcome().failed();
        }
        record.finish();
        result
    }

    /// The tools as plain REST.
    pub(crate) fn tools_api(&self) -> Option<&ToolsApi<S>> {
        self.tools_api.as_ref()
    }

    /// The logs, metrics and spans of all requests.
    pub(crate) fn telemetry(&self) -> &Telemetry {
        &self.telemetry
    }

    /// Responds to a preflight request.
    pub(crate) fn preflight(&self, headers: &HeaderMap) -> Option<Response> {
        self.cors.preflight(headers)
    }

    /// Refuses a request before any other check, and logs it.
    pub(crate) fn refuse(&self, refusal: &Refusal, invocation: Option<&InvocationIds>) -> Response {
        let mut record = self.telemetry.begin(invocation);
        record.refuse(refusal);
        let response = refusal.respond(&self.challenges, None);
        record.status(response.status());
        record.finish();
        response
    }

    /// Logs a response that needs no checks.
    pub(crate) fn log(&self, response: &Response, invocation: Option<&InvocationIds>) {
        let mut record = self.telemetry.begin(invocation);
        record.status(response.status());
        record.finish();
    }

    /// Ends an event stream before the invocation ends, or when the server asks a client that cannot respond.
    fn bound_stream(
        &self,
        response: Response,
        deadline: Deadline,
        id: Option<RequestId>,
        can_ask: bool,
    ) -> Response {
        let error = Refusal::DeadlineReached.error(&self.challenges, id.clone());
        let unanswerable = (!can_ask).then(|| {
            let rule = if self.state.asks_clients() {
                "the server needs to ask the client something: send the Mcp-Session-Id that initialize was answered with"
            } else {
                "the server needs to ask the client something, which this server can do from protocol version 2026-07-28 on"
            };
            JsonRpcError::new(id, ErrorData::new(ErrorCode::INVALID_REQUEST, rule, None))
        });
        response.map(|body| {
            let end = self.shutdown.clone().late(deadline.for_response());
            EventStreamBody::new(body, Box::pin(end), error, unanswerable).boxed()
        })
    }
}

/// Whether the request carries a batch, in a revision that has batches.
fn is_batch(request: &Request<Bytes>, revision: Revision) -> bool {
    request.method() == Method::POST && revision.has_batches() && batch::is_one(request.body())
}

/// The message of a POST; other methods have none.
fn read(request: &Request<Bytes>) -> Result<Option<Message>, Refusal> {
    if request.method() != Method::POST {
        return Ok(None);
    }
    limits::check(request.headers(), request.body())?;
    Message::read(request.body()).map(Some)
}

fn is_failure(status: StatusCode) -> bool {
    status.is_client_error() || status.is_server_error()
}

/// Names the malformed parameters where rmcp only says that it cannot read the message.
fn explain(refusal: Refusal, message: &Message, revision: Revision) -> Refusal {
    match (refusal, message.malformed) {
        (Refusal::NotOneMessage(_), Some(rule)) => {
            // Older clients do not read the body of an error status; it is one for a request without the metadata that
            // 2026-07-28 requires, and for a notification, which has no response.
            let has_response = revision.is_legacy() && message.id.is_some();
            let status = if has_response {
                StatusCode::OK
            } else {
                StatusCode::BAD_REQUEST
            };
            Refusal::ParamsMalformed { rule, status }
        }
        (refusal, _) => refusal,
    }
}
