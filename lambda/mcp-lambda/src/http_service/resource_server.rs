//! Verifies access tokens and serves protected resource metadata when there is no API Gateway.

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, AUTHORIZATION};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt, Empty, Limited};
use mcp_lambda_contract::{
    Contract, HttpUrl, McpSettings, PROTECTED_RESOURCE_METADATA_PATH, ProtectedResourceMetadata,
    full_scope, jwks_url,
};
use rmcp::ServerHandler;
use serde_json::{Value, json};

use crate::endpoint::Endpoint;
use crate::endpoint::limits::MAX_BODY;
use crate::endpoint::refusal::{Refusal, json_response};
use crate::endpoint::reply::Reply;
use crate::runtime::deadline::Deadline;
use crate::runtime::https::HttpsClient;
use crate::runtime::invocation_ids::InvocationIds;
use crate::runtime::process::Process;
use crate::runtime::response::Response;
use crate::runtime::start_error::StartError;
use crate::token::bearer::{bearer_token, caller_from_token};
use crate::token::caller::Caller;
use crate::token::jwks::KeyStore;
use crate::token::verifier::TokenVerifier;
use crate::tools_api::problem::Problem;
use crate::work_permit::WorkLimit;

/// Verifies access tokens and serves the protected resource metadata (RFC 9728) when there is no API Gateway: in plain
/// HTTP mode and behind a function URL.
///
/// Does not limit the number of concurrent requests, only how many are worked on at one moment.
pub(crate) struct ResourceServer<S: ServerHandler> {
    endpoint: Arc<Endpoint<S>>,
    settings: McpSettings,
    tokens: TokenVerifier,
    metadata: Value,
    /// Time for a body; `None` where it is there with the request.
    body_time: Option<Duration>,
    work: WorkLimit,
    now: fn() -> SystemTime,
}

/// The protected resource metadata of a server.
pub(crate) fn protected_resource(
    settings: &McpSettings,
    contract: &Contract,
) -> ProtectedResourceMetadata {
    let scopes = contract
        .scopes
        .iter()
        .map(|scope| full_scope(settings.resource.as_str(), &scope.name))
        .collect();
    ProtectedResourceMetadata::new(
        &settings.resource,
        &settings.issuer,
        scopes,
        &contract.server.title,
    )
}

/// The URL of the issuer's keys.
fn keys_url(settings: &McpSettings) -> Result<HttpUrl, StartError> {
    match &settings.jwks_url {
        Some(url) => Ok(url.clone()),
        None => HttpUrl::parse(&jwks_url(settings.issuer.as_str())).map_err(|problem| {
            StartError::Server(format!("the URL of the issuer's keys {problem}"))
        }),
    }
}

impl<S: ServerHandler> ResourceServer<S> {
    /// Does not use the network before the first access token.
    pub(crate) fn new(
        endpoint: Arc<Endpoint<S>>,
        settings: &McpSettings,
        metadata: &ProtectedResourceMetadata,
        process: &Process,
    ) -> Result<Self, StartError> {
        let keys = KeyStore::new(keys_url(settings)?, HttpsClient::new(), process.log.clone());
        Ok(Self {
            endpoint,
            tokens: TokenVerifier::new(keys),
            metadata: json!(metadata),
            body_time: None,
            work: WorkLimit::default(),
            now: process.now,
            settings: settings.clone(),
        })
    }

    /// The same with limits of requests that arrive over a network.
    pub(crate) fn with_limits(mut self, body_time: Duration, work: WorkLimit) -> Self {
        self.body_time = Some(body_time);
        self.work = work;
        self
    }

    /// The path of the MCP URL.
    pub(crate) fn mcp_path(&self) -> &str {
        match self.settings.resource.path() {
            "" => "/",
            path => path,
        }
    }

    /// Whether access tokens can be verified.
    pub(crate) fn has_keys(&self) -> bool {
        self.tokens.keys().has_been_read()
    }

    /// Fetches the issuer's keys, until it has succeeded once.
    pub(crate) async fn fetch_keys(&self) {
        self.tokens.keys().fetch_until_read(self.now).await;
    }

    /// Handles one request, with or without an access token.
    pub(crate) async fn respond<B>(
        &self,
        request: Request<B>,
        deadline: Deadline,
        invocation: Option<&InvocationIds>,
    ) -> Reply
    where
        B: Body<Data = Bytes>,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let mcp_path = self.mcp_path();
        let path = request.uri().path();
        if path != mcp_path
            && let Some(api) = self.endpoint.tools_api()
            && let Some(path) = api.path_below(path)
        {
            let caller = if api.takes_access_tokens() {
                self.identify(request.headers()).await.map(Some)
            } else {
                Err(Refusal::TokenMissing)
            };
            let (request, caller) = self.read_for(request, caller).await;
            let caller = caller.map_err(Problem::from);
            let permit = self.work.permit().await;
            let response = api.respond(request, path, caller, deadline, invocation, &permit);
            return permit.held_for(response).await.into();
        }
        if path != mcp_path {
            let suffix = path.strip_prefix(PROTECTED_RESOURCE_METADATA_PATH);
            let is_metadata = suffix.is_some_and(|suffix| suffix.is_empty() || suffix == mcp_path);
            let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
            if is_metadata && is_read {
                let mut response = json_response(StatusCode::OK, &self.metadata);
                // A public document that a client in a browser needs before it has a token.
                response
                    .headers_mut()
                    .insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
                if request.method() == Method::HEAD {
                    *response.body_mut() = Empty::new().boxed();
                }
                self.endpoint.log(&response, invocation);
                return response.into();
            }
            let refusal = Refusal::PathUnknown;
            return self.endpoint.refuse(&refusal, invocation).into();
        }
        if request.method() == Method::OPTIONS
            && let Some(response) = self.endpoint.preflight(request.headers())
        {
            self.endpoint.log(&response, invocation);
            return response.into();
        }
        let caller = self.identify(request.headers()).await;
        let (request, caller) = self.read_for(request, caller).await;
        let permit = self.work.permit().await;
        let reply = self
            .endpoint
            .respond(request, caller, deadline, invocation, &permit);
        permit.held_for(reply).await
    }

    /// Refuses a request before any other check, and logs it: with problem details for a path of the tools API.
    pub(crate) fn refuse(&self, path: &str, refusal: Refusal) -> Response {
        let api = self.endpoint.tools_api();
        match api.filter(|api| path != self.mcp_path() && api.path_below(path).is_some()) {
            Some(api) => api.refuse(refusal.into()),
            None => self.endpoint.refuse(&refusal, None),
        }
    }

    /// The request with its whole body, and its caller unless the body is refused. The body of an unauthenticated request is
    /// not read.
    async fn read_for<B, C>(
        &self,
        request: Request<B>,
        caller: Result<C, Refusal>,
    ) -> (Request<Bytes>, Result<C, Refusal>)
    where
        B: Body<Data = Bytes>,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let (parts, body) = request.into_parts();
        let (body, caller) = match caller {
            Ok(caller) => match self.read(body).await {
                Ok(body) => (body, Ok(caller)),
                Err(refusal) => (Bytes::new(), Err(refusal)),
            },
            Err(refusal) => (Bytes::new(), Err(refusal)),
        };
        (Request::from_parts(parts, body), caller)
    }

    /// The whole body.
    async fn read<B>(&self, body: B) -> Result<Bytes, Refusal>
    where
        B: Body<Data = Bytes>,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let body = Limited::new(body, MAX_BODY).collect();
        let read = match self.body_time {
            None => body.await,
            Some(limit) => tokio::time::timeout(limit, body)
                .await
                .map_err(|_| Refusal::BodyTooSlow { limit })?,
        };
        match read {
            Ok(body) => Ok(body.to_bytes()),
            Err(_) => Err(Refusal::BodyTooLarge { limit: MAX_BODY }),
        }
    }

    async fn identify(&self, headers: &HeaderMap) -> Result<Caller, Refusal> {
        let token = access_token(headers).ok_or(Refusal::TokenMissing)?;
        Ok(caller_from_token(token, &self.tokens, &self.settings, (self.now)()).await?)
    }
}

/// The access token of the request. Two `Authorization` headers count as none.
fn access_token(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    bearer_token(value.to_str().ok()?)
}
