use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, AUTHORIZATION};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use mcp_lambda_contract::{
    HttpUrl, McpSettings, PROTECTED_RESOURCE_METADATA_PATH, ProtectedResourceMetadata, full_scope,
};
use rmcp::ServerHandler;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::caller::Caller;
use crate::deadline::Deadline;
use crate::definition::{Built, StartError};
use crate::endpoint::{Endpoint, MAX_BODY};
use crate::https::HttpsClient;
use crate::jwks::KeyStore;
use crate::jwt::caller_from_token;
use crate::process::Process;
use crate::refusal::{Answer, Refusal, json_answer};

/// Time for a client to send its headers.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// The server without a gateway: it verifies access tokens itself and serves its own protected resource metadata.
///
/// Does not do TLS. Does not limit how many requests run at once.
struct HttpServer<S: ServerHandler> {
    endpoint: Endpoint<S>,
    settings: McpSettings,
    keys: KeyStore,
    metadata: Value,
    now: fn() -> SystemTime,
}

/// Serves until the process is told to end.
pub(crate) async fn serve<S: ServerHandler>(
    built: Built<S>,
    process: &Process,
) -> Result<(), StartError> {
    let address = built.settings.listen.clone();
    let listener = TcpListener::bind(&address)
        .await
        .map_err(|cause| StartError::Listen {
            address: address.clone(),
            cause,
        })?;
    let local_address = listener.local_addr().map_err(StartError::System)?;
    let server = Arc::new(HttpServer::new(built, process)?);
    process.log.info(
        "listening",
        &json!({ "address": local_address.to_string(), "resource": server.settings.resource.as_str() }),
    );
    let mut end = std::pin::pin!(termination());
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                // One connection that failed, or no file descriptor left: the next one may be fine.
                Err(_) => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
            () = &mut end => return Ok(()),
        };
        let _ = stream.set_nodelay(true);
        let server = Arc::clone(&server);
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let server = Arc::clone(&server);
                async move { Ok::<_, Infallible>(server.answer(request).await) }
            });
            // An error here is a client that went away or does not speak HTTP; it has been told what could be told.
            let _ = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADER_TIMEOUT)
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

impl<S: ServerHandler> HttpServer<S> {
    fn new(built: Built<S>, process: &Process) -> Result<Self, StartError> {
        let (settings, contract) = (built.settings.clone(), &built.contract);
        let keys_url = match &settings.jwks_url {
            Some(url) => url.clone(),
            None => {
                let url = format!(
                    "{}/.well-known/jwks.json",
                    settings.issuer.as_str().trim_end_matches('/')
                );
                HttpUrl::parse(&url).map_err(|problem| {
                    StartError::Server(format!("the URL of the issuer's keys {problem}"))
                })?
            }
        };
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
            endpoint: Endpoint::new(built, process),
            keys: KeyStore::new(keys_url, HttpsClient::new(), process.log.clone()),
            metadata: json!(metadata),
            now: process.now,
            settings,
        })
    }

    async fn answer(&self, request: Request<Incoming>) -> Answer {
        let mcp_path = match self.settings.resource.path() {
            "" => "/",
            path => path,
        };
        let path = request.uri().path();
        if path != mcp_path {
            let suffix = path.strip_prefix(PROTECTED_RESOURCE_METADATA_PATH);
            let is_metadata = suffix.is_some_and(|suffix| suffix.is_empty() || suffix == mcp_path);
            return if is_metadata && request.method() == Method::GET {
                let mut answer = json_answer(StatusCode::OK, &self.metadata);
                // A public document, without which a client in a browser cannot even begin.
                answer
                    .headers_mut()
                    .insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
                answer
            } else {
                self.endpoint.refuse(&Refusal::PathUnknown)
            };
        }
        if request.method() == Method::OPTIONS
            && let Some(answer) = self.endpoint.preflight(request.headers())
        {
            return answer;
        }
        let caller = self.caller(request.headers()).await;
        let (parts, body) = request.into_parts();
        let body = if caller.is_ok() {
            match Limited::new(body, MAX_BODY).collect().await {
                Ok(body) => body.to_bytes(),
                Err(_) => {
                    return self
                        .endpoint
                        .refuse(&Refusal::BodyTooLarge { limit: MAX_BODY });
                }
            }
        } else {
            // A stranger's body is not read.
            Bytes::new()
        };
        self.endpoint
            .answer(
                Request::from_parts(parts, body),
                caller,
                Deadline::none(),
                None,
            )
            .await
    }

    async fn caller(&self, headers: &HeaderMap) -> Result<Caller, Refusal> {
        let token = bearer_token(headers).ok_or(Refusal::TokenMissing)?;
        caller_from_token(token, &self.keys, &self.settings, (self.now)()).await
    }
}

/// The access token of `Authorization: Bearer …` (RFC 6750 section 2.1), the only way in which it is accepted. Two
/// such headers are as good as none.
fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// Ctrl-C, or the signal that service managers send.
async fn termination() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    if let Ok(mut terminate) =
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
    {
        tokio::select! {
            _ = interrupt => {}
            _ = terminate.recv() => {}
        }
        return;
    }
    let _ = interrupt.await;
}
