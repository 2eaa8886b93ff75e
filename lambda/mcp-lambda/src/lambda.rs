//! Runs a server on the Lambda Runtime API: reads events, responds and posts the responses.

use std::sync::Arc;

use http::HeaderMap;
use http_body_util::Full;
use mcp_lambda_contract::{McpSettings, ProtectedResourceMetadata, ResponseMode};
use rmcp::ServerHandler;
use serde_json::{Map, Value, json};
use tokio::sync::OnceCell;

use crate::definition::BuiltServer;
use crate::endpoint::Endpoint;
use crate::endpoint::refusal::Refusal;
use crate::endpoint::reply::Reply;
use crate::http_service::resource_server::{ResourceServer, protected_resource};
use crate::runtime::event::{Event, GatewayRequest};
use crate::runtime::process::Process;
use crate::runtime::response::{PayloadFormat, Response, buffered_response, streamed_response};
use crate::runtime::runtime_api::{ApiBody, ERROR_TYPE, Invocation, RuntimeApi, whole};
use crate::runtime::shutdown::Shutdown;
use crate::runtime::start_error::StartError;
use crate::token::caller::Caller;
use crate::token::claims::{Expiry, caller_from_claims};
use crate::token::flattened_groups;
use crate::tools_api::ToolsApi;
use crate::tools_api::path::Path;
use crate::tools_api::problem::Problem;
use crate::work_permit::WorkPermit;

type Headers = &'static [(&'static str, &'static str)];

/// The headers of a response in one piece.
const WHOLE: Headers = &[("Content-Type", "application/json")];
/// The headers of a streamed response: it has a prelude, eight NUL bytes, then the body.
const STREAMED: Headers = &[
    (
        "Content-Type",
        "application/vnd.awslambda.http-integration-response",
    ),
    ("Lambda-Runtime-Function-Response-Mode", "streaming"),
];

/// The server that handles the invocations.
struct Function<S: ServerHandler> {
    endpoint: Arc<Endpoint<S>>,
    settings: McpSettings,
    metadata: ProtectedResourceMetadata,
    /// Initialized by the first request of a function URL.
    resource_server: OnceCell<ResourceServer<S>>,
    process: Process,
}

/// Handles invocations until the Runtime API is unreachable.
///
/// Runs as a task of the runtime: a woken task continues at once, whereas the future that the runtime blocks on waits
/// for a poll of the sockets each time.
pub(crate) async fn serve<S: ServerHandler>(
    api: RuntimeApi,
    built: BuiltServer<S>,
    process: Process,
) -> Result<(), StartError> {
    let function = Function {
        settings: built.settings.clone(),
        metadata: protected_resource(&built.settings, &built.contract),
        endpoint: Arc::new(Endpoint::new(built, &process, Shutdown::never())),
        resource_server: OnceCell::new(),
        process,
    };
    let serving = tokio::spawn(async move {
        loop {
            let invocation = api.next(function.process.now).await?;
            if let Err(error) = function.handle(&api, &invocation).await {
                function.report_failure(&api, &invocation, &error).await;
            }
            // The response has been posted, and the process is frozen when it requests the next invocation.
            let telemetry = function.endpoint.telemetry();
            telemetry.flush(invocation.deadline).await;
        }
    });
    serving
        .await
        .unwrap_or_else(|error| Err(StartError::System(error.into())))
}

impl<S: ServerHandler> Function<S> {
    /// Handles one invocation: reads its event, once, and posts the response.
    async fn handle(&self, api: &RuntimeApi, invocation: &Invocation) -> Result<(), StartError> {
        // The response is posted before the log line is written.
        let held = self.endpoint.telemetry().hold();
        let (ids, deadline) = (Some(&invocation.ids), invocation.deadline);
        let reply = match Event::read(&invocation.event) {
            Event::Rest(gateway) => {
                let permit = WorkPermit::default();
                let reply = match self.tools_path(&gateway) {
                    Some((api, path)) => {
                        let caller = self.identify_for(api, &gateway, invocation);
                        let request = gateway.request;
                        let response = api.respond(request, path, caller, deadline, ids, &permit);
                        response.await.into()
                    }
                    None => {
                        let GatewayRequest {
                            request, claims, ..
                        } = gateway;
                        let caller = self.identify(claims, request.headers(), invocation);
                        self.endpoint
                            .respond(request, caller, deadline, ids, &permit)
                            .await
                    }
                };
                Some((reply, PayloadFormat::V1))
            }
            Event::FunctionUrl(request) => {
                let server = self.resource_server().await?;
                let reply = server.respond(request.map(Full::new), deadline, ids).await;
                Some((reply, PayloadFormat::V2))
            }
            Event::Work(sealed) => {
                let worked = self.endpoint.work(&sealed, deadline, ids).await;
                // A failure makes Lambda deliver the event again.
                worked.map_err(|problem| StartError::Server(problem.to_string()))?;
                None
            }
            Event::Other => {
                self.process.log.info(
                    "the event is not an HTTP request",
                    &json!({ "requestId": invocation.ids.request_id }),
                );
                None
            }
        };
        let (response, tail) = match reply {
            Some((Reply { response, tail }, format)) => (Some((response, format)), tail),
            None => (None, None),
        };
        let posted = self.post(api, invocation, response).await;
        drop(held);
        // Also when posting the response failed, for example because the client has disconnected.
        if let Some(tail) = tail {
            tail.finish(deadline).await;
        }
        posted
    }

    /// The tools API and its path, if the request came to a resource of it.
    fn tools_path(&self, gateway: &GatewayRequest) -> Option<(&ToolsApi<S>, Path)> {
        let api = self.endpoint.tools_api()?;
        let path = Path::of_resource(gateway.resource.as_deref()?, &gateway.path_parameters)?;
        Some((api, path))
    }

    /// The caller of the tools API whom API Gateway has verified, by an access token or an API key; none where it lets anyone
    /// through.
    ///
    /// A request with an access token may count against an API key too, which says nothing about its caller.
    fn identify_for(
        &self,
        api: &ToolsApi<S>,
        gateway: &GatewayRequest,
        invocation: &Invocation,
    ) -> Result<Option<Caller>, Problem> {
        match (&gateway.claims, &gateway.api_key_id) {
            (Some(_), _) if !api.takes_access_tokens() => Err(Problem::CredentialMissing),
            (Some(claims), _) => {
                let headers = gateway.request.headers();
                let caller = self.identify(Some(claims.clone()), headers, invocation)?;
                Ok(Some(caller))
            }
            (None, Some(id)) => api.caller_of_key(id).map(Some),
            (None, None) => Ok(None),
        }
    }

    /// The caller whom API Gateway has verified.
    fn identify(
        &self,
        claims: Option<Map<String, Value>>,
        headers: &HeaderMap,
        invocation: &Invocation,
    ) -> Result<Caller, Refusal> {
        let mut claims = claims.ok_or(Refusal::TokenMissing)?;
        if flattened_groups::restore(&mut claims, headers).is_err() {
            self.process.log.error(
                "the caller's groups were left out: the authorizer's text does not say where their names end",
                &json!({ "requestId": invocation.ids.request_id }),
            );
        }
        let now = (self.process.now)();
        caller_from_claims(&claims, &self.settings, Expiry::CheckedByGateway, now)
            .map_err(Refusal::ClaimsRejected)
    }

    /// The server that verifies access tokens itself, for requests of a function URL.
    async fn resource_server(&self) -> Result<&ResourceServer<S>, StartError> {
        self.resource_server
            .get_or_try_init(|| async {
                let endpoint = Arc::clone(&self.endpoint);
                ResourceServer::new(endpoint, &self.settings, &self.metadata, &self.process)
            })
            .await
    }

    /// Posts the response; `null` for an event that is no HTTP request.
    async fn post(
        &self,
        api: &RuntimeApi,
        invocation: &Invocation,
        response: Option<(Response, PayloadFormat)>,
    ) -> Result<(), StartError> {
        let path = format!("/runtime/invocation/{}/response", invocation.ids.request_id);
        let (headers, body) = match (response, self.settings.response_mode) {
            (Some((response, format)), ResponseMode::Stream) => {
                let body = ApiBody::new(streamed_response(response, format));
                (STREAMED, body)
            }
            (Some((response, format)), ResponseMode::Buffered) => {
                (WHOLE, whole(buffered_response(response, format).await))
            }
            (None, _) => (WHOLE, whole("null")),
        };
        api.post(&path, headers, body).await
    }

    /// Reports that the platform refused a response, for example because the client has disconnected.
    async fn report_failure(&self, api: &RuntimeApi, invocation: &Invocation, error: &StartError) {
        let request_id = &invocation.ids.request_id;
        let log = |error: &StartError| {
            let log = &self.process.log;
            log.error(&error.to_string(), &json!({ "requestId": request_id }));
        };
        log(error);
        let body =
            json!({ "errorType": error.name(), "errorMessage": error.to_string() }).to_string();
        let path = format!("/runtime/invocation/{request_id}/error");
        let kind = [(ERROR_TYPE, error.name())];
        if let Err(error) = api.post(&path, &kind, whole(body)).await {
            log(&error);
        }
    }
}
