//! Runs a server on the Lambda Runtime API: reads events, calls the endpoint and posts responses.

use std::sync::Arc;

use http::header::CONTENT_TYPE;
use http_body_util::Full;
use mcp_lambda_contract::{Contract, McpSettings, ResponseMode};
use rmcp::ServerHandler;
use serde_json::json;
use tokio::sync::OnceCell;

use crate::definition::Built;
use crate::endpoint::Endpoint;
use crate::endpoint::refusal::{Answer, Refusal};
use crate::http_service::resource_server::Direct;
#[cfg(feature = "dynamodb")]
use crate::mcp_session::Tail;
use crate::runtime::event::{GatewayRequest, read_event};
use crate::runtime::process::Process;
use crate::runtime::response::{PayloadFormat, buffered_response, streamed_response};
use crate::runtime::runtime_api::{ApiBody, ERROR_TYPE, Invocation, RuntimeApi, whole};
use crate::runtime::start_error::StartError;
use crate::runtime::url_event::read_url_event;
#[cfg(feature = "dynamodb")]
use crate::tasks::read_work;
use crate::token::claims::{Expiry, caller_from_claims};
use crate::token::flattened_groups;

/// The header with which a runtime declares a streamed response.
const RESPONSE_MODE: &str = "Lambda-Runtime-Function-Response-Mode";
/// Prelude, eight NUL bytes, then the body.
const HTTP_INTEGRATION: &str = "application/vnd.awslambda.http-integration-response";

/// The server that handles the invocations.
struct Function<S: ServerHandler> {
    endpoint: Arc<Endpoint<S>>,
    settings: McpSettings,
    contract: Contract,
    /// Initialized by the first request of a function URL.
    direct: OnceCell<Direct<S>>,
    process: Process,
}

/// Handles invocations until the Runtime API is unreachable.
///
/// Runs as a task of the runtime: a woken task continues at once, whereas the future that the runtime blocks on waits
/// for a poll of the sockets each time.
pub(crate) async fn serve<S: ServerHandler>(
    api: RuntimeApi,
    built: Built<S>,
    process: Process,
) -> Result<(), StartError> {
    let function = Function {
        settings: built.settings.clone(),
        contract: built.contract.clone(),
        endpoint: Arc::new(Endpoint::new(built, &process)),
        direct: OnceCell::new(),
        process,
    };
    let serving = tokio::spawn(async move {
        loop {
            let invocation = api.next(function.process.now).await?;
            if let Err(error) = function.post_answer(&api, &invocation).await {
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
    async fn post_answer(
        &self,
        api: &RuntimeApi,
        invocation: &Invocation,
    ) -> Result<(), StartError> {
        let path = format!("/runtime/invocation/{}/response", invocation.ids.request_id);
        // The response is posted before the log line is written.
        let held = self.endpoint.telemetry().hold();
        let Some((answer, format)) = self.answer(invocation).await? else {
            if !self.has_worked(invocation).await? {
                self.process.log.info(
                    "the event is not an HTTP request",
                    &json!({ "requestId": invocation.ids.request_id }),
                );
            }
            let headers = [(CONTENT_TYPE.as_str(), "application/json")];
            return api.post(&path, &headers, whole("null")).await;
        };
        #[cfg(feature = "dynamodb")]
        let tail = Tail::of(&answer);
        let posted = match self.settings.response_mode {
            ResponseMode::Stream => {
                let headers = [
                    (CONTENT_TYPE.as_str(), HTTP_INTEGRATION),
                    (RESPONSE_MODE, "streaming"),
                ];
                let body = ApiBody::new(streamed_response(answer, format));
                api.post(&path, &headers, body).await
            }
            ResponseMode::Buffered => {
                let headers = [(CONTENT_TYPE.as_str(), "application/json")];
                let body = buffered_response(answer, format).await;
                api.post(&path, &headers, whole(body)).await
            }
        };
        drop(held);
        // Also when posting the response failed, for example because the client has disconnected.
        #[cfg(feature = "dynamodb")]
        if let Some(tail) = tail {
            tail.done(invocation.deadline).await;
        }
        posted
    }

    /// Processes an event that the function sent to itself; returns whether it was one. A failure makes Lambda deliver
    /// it again.
    #[cfg(feature = "dynamodb")]
    async fn has_worked(&self, invocation: &Invocation) -> Result<bool, StartError> {
        let Some(item) = read_work(&invocation.event) else {
            return Ok(false);
        };
        let ids = Some(&invocation.ids);
        let worked = self.endpoint.work(&item, invocation.deadline, ids).await;
        worked.map_err(|problem| StartError::Server(problem.to_string()))?;
        Ok(true)
    }

    #[cfg(not(feature = "dynamodb"))]
    async fn has_worked(&self, _invocation: &Invocation) -> Result<bool, StartError> {
        Ok(false)
    }

    /// The response to an event and its payload format; `None` for an event that is not a request.
    async fn answer(
        &self,
        invocation: &Invocation,
    ) -> Result<Option<(Answer, PayloadFormat)>, StartError> {
        let (ids, deadline) = (Some(&invocation.ids), invocation.deadline);
        if let Some(GatewayRequest {
            request, claims, ..
        }) = read_event(&invocation.event)
        {
            let caller = claims.ok_or(Refusal::TokenMissing).and_then(|mut claims| {
                if flattened_groups::restore(&mut claims, request.headers()).is_err() {
                    self.process.log.error(
                        "the caller's groups were left out: the authorizer's text does not say where their names end",
                        &json!({ "requestId": invocation.ids.request_id }),
                    );
                }
                let now = (self.process.now)();
                caller_from_claims(&claims, &self.settings, Expiry::CheckedByGateway, now)
                    .map_err(Refusal::ClaimsRejected)
            });
            let answer = self.endpoint.answer(request, caller, deadline, ids).await;
            return Ok(Some((answer, PayloadFormat::V1)));
        }
        let Some(request) = read_url_event(&invocation.event) else {
            return Ok(None);
        };
        let direct = self
            .direct
            .get_or_try_init(|| async {
                let endpoint = Arc::clone(&self.endpoint);
                Direct::new(endpoint, &self.settings, &self.contract, &self.process)
            })
            .await?;
        let answer = direct.answer(request.map(Full::new), deadline, ids).await;
        Ok(Some((answer, PayloadFormat::V2)))
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
