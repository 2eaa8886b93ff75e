//! Verifies access tokens and serves protected resource metadata when there is no API Gateway.

use std::error::Error;
use std::sync::Arc;
use std::time::SystemTime;

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
use crate::runtime::start_error::StartError;
use crate::token::bearer::{bearer_token, caller_from_token};
use crate::token::caller::Caller;
use crate::token::jwks::KeyStore;

/// Verifies access tokens and serves the protected resource metadata (RFC 9728) when there is no API Gateway: in plain
/// HTTP mode and behind a function URL.
///
/// Does not limit the number of concurrent requests.
pub(crate) struct ResourceServer<S: ServerHandler> {
    endpoint: Arc<Endpoint<S>>,
    settings: McpSettings,
    keys: KeyStore,
    metadata: Value,
    now: fn() -> SystemTime,
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
        contract: &Contract,
        process: &Process,
    ) -> Result<Self, StartError> {
        let scopes = contract
            .scopes
            .iter()
            .map(|scope| full_scope(settings.resource.as_str(), &scope.name))
            .collect();
        let metadata = ProtectedResourceMetadata::new(
            &settings.resource,
            &settings.issuer,
            scopes,
            &contract.server.title,
        );
        Ok(Self {
            endpoint,
            keys: KeyStore::new(keys_url(settings)?, HttpsClient::new(), process.log.clone()),
            metadata: json!(metadata),
            now: process.now,
            settings: settings.clone(),
        })
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
        let mcp_path = match self.settings.resource.path() {
            "" => "/",
            path => path,
        };
        let path = request.uri().path();
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
        let (parts, body) = request.into_parts();
        let body = if caller.is_ok() {
            match Limited::new(body, MAX_BODY).collect().await {
                Ok(body) => body.to_bytes(),
                Err(_) => {
                    let refusal = Refusal::BodyTooLarge { limit: MAX_BODY };
                    return self.endpoint.refuse(&refusal, invocation).into();
                }
            }
        } else {
            // The body of an unauthenticated request is not read.
            Bytes::new()
        };
        let request = Request::from_parts(parts, body);
        self.endpoint
            .respond(request, caller, deadline, invocation)
            .await
    }

    async fn identify(&self, headers: &HeaderMap) -> Result<Caller, Refusal> {
        let token = access_token(headers).ok_or(Refusal::TokenMissing)?;
        Ok(caller_from_token(token, &self.keys, &self.settings, (self.now)()).await?)
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
