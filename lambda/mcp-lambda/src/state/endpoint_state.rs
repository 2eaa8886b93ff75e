//! Serves the requests of an endpoint that concern state: MCP sessions and work items.

use std::sync::Arc;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Request};
use http_body_util::Full;
use mcp_lambda_contract::McpSettings;
use rmcp::ServerHandler;
use rmcp::transport::StreamableHttpServerConfig;

use crate::endpoint::accept::{JSON, accept_leniently};
use crate::endpoint::limits;
use crate::endpoint::media_type::media_type;
use crate::endpoint::message::Message;
use crate::endpoint::refusal::{POST_ONLY, Refusal};
use crate::endpoint::reply::Reply;
use crate::endpoint::rmcp_refusal::rmcp_refusal;
use crate::guard::{Guarded, RmcpService};
use crate::request_facts::RequestFacts;
use crate::runtime::deadline::Deadline;
use crate::state::mcp_session::McpSessions;
use crate::state::mcp_session::session_id::SESSION_ID;
use crate::state::server_state::ServerState;
use crate::state::tasks::worker::Worker;
use crate::telemetry::Record;

pub(crate) use crate::state::tasks::WorkItem;
pub(crate) use crate::state::tasks::worker::WorkError;

/// The state that an endpoint uses.
pub(crate) struct EndpointState<S> {
    /// `None` for a server without MCP sessions.
    sessions: Option<McpSessions<S>>,
    /// `None` for a server without tasks.
    worker: Option<Worker<S>>,
}

impl<S: ServerHandler> EndpointState<S> {
    pub(crate) fn new(
        server: &Guarded<S>,
        config: &StreamableHttpServerConfig,
        settings: &McpSettings,
        state: ServerState,
    ) -> Self {
        let ServerState {
            requirements,
            state,
            tasks,
            ..
        } = state;
        Self {
            sessions: state.and_then(|state| {
                McpSessions::new(server.clone(), config, settings, state, &requirements)
            }),
            worker: tasks.map(|tasks| Worker::new(server.clone(), tasks)),
        }
    }

    /// The HTTP methods of the endpoint.
    pub(crate) fn methods(&self) -> &'static str {
        self.sessions
            .as_ref()
            .map_or(POST_ONLY, McpSessions::methods)
    }

    /// Whether the server can ask a client of an older revision during its request.
    pub(crate) fn asks_clients(&self) -> bool {
        self.sessions.as_ref().is_some_and(McpSessions::asks)
    }

    /// Whether the message of a client of an older revision belongs to an MCP session.
    pub(crate) fn has_session(&self, headers: &HeaderMap, message: &Message) -> bool {
        // `initialize` begins a new session.
        self.sessions.is_some() && !message.initializes() && headers.contains_key(SESSION_ID)
    }

    /// Responds to one message, in its MCP session if it has one.
    pub(crate) async fn respond(
        &self,
        request: Request<Bytes>,
        message: &Message,
        facts: RequestFacts,
        has_session: bool,
        rmcp: &RmcpService<S>,
    ) -> Result<Reply, Refusal> {
        let initialize = message.initializes().then(|| request.body().clone());
        let mut request = request.map(Full::new);
        match (&self.sessions, initialize) {
            (Some(sessions), _) if has_session => sessions.respond(request, message, facts).await,
            (Some(sessions), Some(body)) => {
                let caller = Arc::clone(&facts.caller);
                facts.attach(request.extensions_mut());
                let response = rmcp.handle(request).await;
                if media_type(response.headers()) != JSON {
                    return Ok(response.into());
                }
                Ok(sessions.begin(&body, &caller, response).await.into())
            }
            _ => {
                facts.attach(request.extensions_mut());
                Ok(rmcp.handle(request).await.into())
            }
        }
    }

    /// Responds to GET and DELETE of clients of older revisions.
    pub(crate) async fn respond_without_message(
        &self,
        mut request: Request<Bytes>,
        facts: &RequestFacts,
    ) -> Result<Reply, Refusal> {
        let sessions = self.sessions.as_ref();
        let Some(sessions) = sessions.filter(|_| facts.revision.is_legacy()) else {
            return Err(Refusal::MethodNotAllowed { allowed: POST_ONLY });
        };
        limits::check(request.headers(), request.body())?;
        accept_leniently(request.headers_mut());
        // rmcp does not get the access token either.
        request.headers_mut().remove(AUTHORIZATION);
        let request = request.map(|_| Full::default());
        let response = sessions.respond_without_message(request, facts).await?;
        if response.status().is_client_error() || response.status().is_server_error() {
            return Err(rmcp_refusal(response).await);
        }
        Ok(response.into())
    }

    /// Opens a work item of this server; `None` if there is nothing to do.
    pub(crate) fn open(&self, sealed: &str) -> Option<WorkItem> {
        self.worker.as_ref()?.open(sealed)
    }

    /// Runs the tool of a task.
    pub(crate) async fn work(
        &self,
        item: WorkItem,
        deadline: Deadline,
        record: &mut Record,
    ) -> Result<(), WorkError> {
        match &self.worker {
            Some(worker) => worker.work(item, deadline, record).await,
            None => Ok(()),
        }
    }
}
