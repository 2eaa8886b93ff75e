//! Plain HTTP on loopback, for the local stack. The settings refuse any other address.

use std::{convert::Infallible, net::SocketAddr, sync::Arc};

use http::{StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use mcp_lambda_runtime::start_error::StartError;
use tokio::net::TcpListener;

use super::clock::{Clock, timestamp};
use crate::{context::AuthorizationServer, oauth::request::Request};

/// The size limit that API Gateway would apply.
const MAX_BODY: usize = 256 * 1024;

/// Serves until the process ends.
///
/// # Errors
/// If the address is taken.
pub async fn listen(
    server: Arc<AuthorizationServer>,
    address: SocketAddr,
    clock: Clock,
) -> Result<(), StartError> {
    let listener = TcpListener::bind(address).await.map_err(|cause| {
        StartError::Server(format!(
            "cannot listen on AUTHORIZATION_LISTEN={address}: {cause}; choose a free address"
        ))
    })?;
    loop {
        let (stream, _) = listener.accept().await.map_err(StartError::System)?;
        if stream.set_nodelay(true).is_err() {
            // The peer is gone already.
            continue;
        }
        let server = Arc::clone(&server);
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let server = Arc::clone(&server);
                async move { Ok::<_, Infallible>(answer(&server, request, clock).await) }
            });
            // A broken connection is the peer's problem.
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

async fn answer(
    server: &AuthorizationServer,
    request: http::Request<Incoming>,
    clock: Clock,
) -> http::Response<Full<Bytes>> {
    // A page of another name that resolves to this machine (DNS rebinding) is stopped by its Host.
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    if !is_loopback(host) {
        return refused(
            StatusCode::MISDIRECTED_REQUEST,
            "this address is for loopback names only",
        );
    }
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, MAX_BODY).collect().await else {
        return refused(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large");
    };
    let prefix = server
        .settings()
        .addresses
        .issuer
        .url
        .path()
        .trim_end_matches('/')
        .to_owned();
    let path = head.uri.path();
    let query = head.uri.query().unwrap_or_default();
    let request = Request {
        method: head.method.clone(),
        path: path.strip_prefix(&prefix).unwrap_or(path).to_owned(),
        query: form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect(),
        headers: head.headers,
        body: body.to_bytes().into(),
        request_id: None,
    };
    server
        .handle(&request, timestamp(clock()))
        .await
        .map(|body| Full::new(Bytes::from(body)))
}

fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    mcp_lambda_contract::is_loopback_host(name)
}

fn refused(status: StatusCode, message: &'static str) -> http::Response<Full<Bytes>> {
    let mut answer = http::Response::new(Full::new(Bytes::from_static(message.as_bytes())));
    *answer.status_mut() = status;
    answer
}
