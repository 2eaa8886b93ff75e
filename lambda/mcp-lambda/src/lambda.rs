use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::connect::HttpConnector;
use lambda_runtime_api_client::body::Body as ApiBody;
use lambda_runtime_api_client::{Client, build_request};
use mcp_lambda_contract::{Contract, McpSettings, ResponseMode};
use rmcp::ServerHandler;
use serde_json::json;
use tokio::sync::OnceCell;

use crate::claims::{Expiry, caller_from_claims};
use crate::deadline::Deadline;
use crate::definition::{Built, StartError};
use crate::direct::Direct;
use crate::endpoint::{Endpoint, InvocationIds};
use crate::event::{GatewayRequest, read_event};
use crate::lambda_response::{PayloadFormat, buffered_response, streamed_response};
use crate::log::Log;
use crate::process::Process;
use crate::refusal::{Answer, Refusal};
#[cfg(feature = "dynamodb")]
use crate::tasks::read_work;
use crate::url_event::read_url_event;

const VERSION: &str = "/2018-06-01";
/// How a runtime says that it streams.
const RESPONSE_MODE: &str = "Lambda-Runtime-Function-Response-Mode";
const ERROR_TYPE: &str = "Lambda-Runtime-Function-Error-Type";
/// Prelude, eight NUL bytes, then the body.
const HTTP_INTEGRATION: &str = "application/vnd.awslambda.http-integration-response";

/// A client of the Lambda Runtime API.
///
/// Built on AWS's own client, with a connector of ours: `TCP_NODELAY`, without which every streamed answer waits some
/// 40 ms for a delayed acknowledgement.
pub(crate) struct RuntimeApi {
    client: Client,
}

/// One invocation as the Runtime API hands it out.
pub(crate) struct Invocation {
    pub(crate) ids: InvocationIds,
    deadline: Deadline,
    pub(crate) event: Bytes,
}

impl RuntimeApi {
    pub(crate) fn new(address: &str) -> Result<Self, StartError> {
        let failed = |cause: &dyn std::fmt::Display| {
            StartError::RuntimeApi(format!(
                "AWS_LAMBDA_RUNTIME_API={address:?} is not an address: {cause}"
            ))
        };
        let endpoint = format!("http://{}", address.trim_start_matches("http://"));
        let endpoint: http::Uri = endpoint.parse().map_err(|error| failed(&error))?;
        if endpoint.authority().is_none() {
            return Err(failed(&"it has no host"));
        }
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder()
            .with_connector(connector)
            .with_endpoint(endpoint)
            .build()
            .map_err(|error| failed(&error))?;
        Ok(Self { client })
    }

    async fn call(&self, request: Request<ApiBody>) -> Result<Response<Incoming>, StartError> {
        self.client
            .call(request)
            .await
            .map_err(|error| StartError::RuntimeApi(error.to_string()))
    }

    pub(crate) async fn post(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: ApiBody,
    ) -> Result<(), StartError> {
        let mut request = build_request()
            .method("POST")
            .uri(format!("{VERSION}{path}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request
            .body(body)
            .map_err(|error| StartError::RuntimeApi(error.to_string()))?;
        let answer = self.call(request).await?;
        if !answer.status().is_success() {
            return Err(StartError::RuntimeApi(format!(
                "POST {path} answered {}",
                answer.status()
            )));
        }
        // Reading the rest gives the connection back.
        let _ = answer.into_body().collect().await;
        Ok(())
    }

    pub(crate) async fn next(&self, now: fn() -> SystemTime) -> Result<Invocation, StartError> {
        let request = build_request()
            .uri(format!("{VERSION}/runtime/invocation/next"))
            .body(ApiBody::empty())
            .map_err(|error| StartError::RuntimeApi(error.to_string()))?;
        let answer = self.call(request).await?;
        let status = answer.status();
        if !status.is_success() {
            return Err(StartError::RuntimeApi(format!(
                "the next invocation answered {status}"
            )));
        }
        let ids = InvocationIds {
            trace_id: text(answer.headers(), "lambda-runtime-trace-id"),
            request_id: text(answer.headers(), "lambda-runtime-aws-request-id").ok_or_else(
                || StartError::RuntimeApi("an invocation has no request id".to_owned()),
            )?,
        };
        let deadline = text(answer.headers(), "lambda-runtime-deadline-ms")
            .and_then(|milliseconds| milliseconds.parse().ok())
            .and_then(|milliseconds| {
                SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(milliseconds))
            })
            .map_or_else(Deadline::none, |end| {
                Deadline::after(end.duration_since(now()).unwrap_or_default())
            });
        let event = answer.into_body().collect().await;
        let event = event
            .map_err(|error| StartError::RuntimeApi(error.to_string()))?
            .to_bytes();
        Ok(Invocation {
            ids,
            deadline,
            event,
        })
    }

    /// Tells Lambda why the function cannot start.
    pub(crate) async fn report_start_error(&self, error: &StartError) -> Result<(), StartError> {
        let body =
            json!({ "errorType": error.name(), "errorMessage": error.to_string() }).to_string();
        self.post(
            "/runtime/init/error",
            &[(ERROR_TYPE, error.name())],
            body.into(),
        )
        .await
    }
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned)
}

/// The server behind the Runtime API.
struct Function<'a, S: ServerHandler> {
    endpoint: Arc<Endpoint<S>>,
    settings: McpSettings,
    contract: Contract,
    /// Only a function URL needs it.
    direct: OnceCell<Direct<S>>,
    process: &'a Process,
}

/// Answers invocations until the Runtime API goes away.
pub(crate) async fn serve<S: ServerHandler>(
    api: &RuntimeApi,
    built: Built<S>,
    process: &Process,
) -> Result<(), StartError> {
    let function = Function {
        settings: built.settings.clone(),
        contract: built.contract.clone(),
        endpoint: Arc::new(Endpoint::new(built, process)),
        direct: OnceCell::new(),
        process,
    };
    loop {
        let invocation = api.next(process.now).await?;
        if let Err(error) = function.post_answer(api, &invocation).await {
            // The platform refused this answer, for example because the client is gone; the next one may be fine.
            process.log.error(
                &error.to_string(),
                &json!({ "requestId": invocation.ids.request_id }),
            );
            report_failure(api, &invocation.ids.request_id, &error, &process.log).await;
        }
    }
}

impl<S: ServerHandler> Function<'_, S> {
    async fn post_answer(
        &self,
        api: &RuntimeApi,
        invocation: &Invocation,
    ) -> Result<(), StartError> {
        let path = format!("/runtime/invocation/{}/response", invocation.ids.request_id);
        let Some((answer, format)) = self.answer(invocation).await? else {
            if !self.has_worked(invocation).await? {
                self.process.log.info(
                    "the event is not an HTTP request",
                    &json!({ "requestId": invocation.ids.request_id }),
                );
            }
            let headers = [(CONTENT_TYPE.as_str(), "application/json")];
            return api.post(&path, &headers, "null".into()).await;
        };
        match self.settings.response_mode {
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
                api.post(&path, &headers, body.into()).await
            }
        }
    }

    /// Works on an event that the function sent to itself; says whether it was one. A failure makes Lambda deliver it
    /// again.
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

    /// The answer to an event and the form it has to have; `None` for an event that is no request.
    async fn answer(
        &self,
        invocation: &Invocation,
    ) -> Result<Option<(Answer, PayloadFormat)>, StartError> {
        let (ids, deadline) = (Some(&invocation.ids), invocation.deadline);
        if let Some(GatewayRequest { request, claims }) = read_event(&invocation.event) {
            let caller = claims.ok_or(Refusal::TokenMissing).and_then(|claims| {
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
                Direct::new(endpoint, &self.settings, &self.contract, self.process)
            })
            .await?;
        let answer = direct.answer(request.map(Full::new), deadline, ids).await;
        Ok(Some((answer, PayloadFormat::V2)))
    }
}

async fn report_failure(api: &RuntimeApi, request_id: &str, error: &StartError, log: &Log) {
    let body = json!({ "errorType": error.name(), "errorMessage": error.to_string() }).to_string();
    let path = format!("/runtime/invocation/{request_id}/error");
    if let Err(error) = api
        .post(&path, &[(ERROR_TYPE, error.name())], body.into())
        .await
    {
        log.error(&error.to_string(), &json!({ "requestId": request_id }));
    }
}
