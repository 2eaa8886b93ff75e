//! Plain HTTP on 127.0.0.1, for one machine and for a container behind a load balancer on the same host.

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use mcp_lambda_runtime::deadline::Deadline;
use mcp_lambda_runtime::response::Response;
use mcp_lambda_runtime::start_error::StartError;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};

use crate::playground::Playground;
use crate::request::Request;
use crate::response::body;

/// The largest form.
const MAX_BODY: usize = 256 * 1024;
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// Listens on `PORT`.
pub(super) async fn listen(playground: &Playground) -> Result<TcpListener, StartError> {
    let address = (Ipv4Addr::LOCALHOST, playground.settings.port);
    let listener = TcpListener::bind(address).await.map_err(|cause| {
        let port = playground.settings.port;
        StartError::Server(format!(
            "cannot listen on PORT={port}: {cause}; choose a free port"
        ))
    })?;
    let local = listener.local_addr().map_err(StartError::System)?;
    let fields = json!({ "address": local.to_string(), "origin": playground.settings.origin });
    playground.process.log.info("listening", &fields);
    Ok(listener)
}

/// Serves until the process gets a termination signal.
///
/// # Errors
///
/// None today; the type is that of the other way in.
pub async fn serve(listener: TcpListener, playground: Arc<Playground>) -> Result<(), StartError> {
    let mut end = std::pin::pin!(termination());
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    tokio::spawn(connection(stream, Arc::clone(&playground)));
                }
                // One connection failed, or no file descriptor is left: the next accept may succeed.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
            () = &mut end => return Ok(()),
        }
    }
}

async fn connection(stream: TcpStream, playground: Arc<Playground>) {
    // Each piece of a reply is written at once.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let playground = Arc::clone(&playground);
        async move { Ok::<_, Infallible>(respond(&playground, request).await) }
    });
    // An error here means that the browser has left.
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn respond(playground: &Arc<Playground>, request: hyper::Request<Incoming>) -> Response {
    let (head, received) = request.into_parts();
    let Ok(received) = Limited::new(received, MAX_BODY).collect().await else {
        let words = "the form is too large";
        return body(
            StatusCode::PAYLOAD_TOO_LARGE,
            "text/plain; charset=utf-8",
            words,
        );
    };
    let query = head.uri.query().unwrap_or_default();
    let request = Request {
        method: head.method,
        path: head.uri.path().to_owned(),
        query: form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect(),
        headers: head.headers,
        body: received.to_bytes(),
        deadline: Deadline::none(),
    };
    // The process lives on, and so does the turn.
    playground.respond(&request).await.response
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
