//! Serves the requests of one connection.

use std::convert::Infallible;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::header::CONNECTION;
use http::{HeaderValue, Request};
use hyper::body::Incoming;
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rmcp::ServerHandler;
use tokio::net::TcpStream;

use crate::endpoint::limits::{MAX_HEADER_BYTES, MAX_HEADERS};
use crate::http_service::head_limit::{Exchanges, HeadLimit};
use crate::http_service::held_body::HeldBody;
use crate::http_service::http_server::HttpServer;
use crate::http_service::open_work::OpenWork;
use crate::runtime::shutdown::Shutdown;

/// How long a connection above the limit may take to send its request.
const REFUSAL: Duration = Duration::from_secs(2);

/// Serves a connection until the client closes it, until it has been idle for `keep_alive`, or until the process ends: then
/// the request that has begun is the last.
pub(crate) async fn serve<S: ServerHandler>(
    stream: TcpStream,
    peer: IpAddr,
    server: Arc<HttpServer<S>>,
    keep_alive: Duration,
    shutdown: Shutdown,
    open: OpenWork,
) {
    let exchanges = Arc::<Exchanges>::default();
    let limited = HeadLimit::new(stream, Arc::clone(&exchanges));
    let service = service_fn(|request| {
        let exchange = exchanges.begin();
        let (server, open) = (Arc::clone(&server), open.clone());
        async move {
            let response = server.respond(request, peer, &open).await;
            Ok::<_, Infallible>(response.map(|body| HeldBody::new(body, exchange)))
        }
    });
    let connection = http1(keep_alive).serve_connection(TokioIo::new(limited), service);
    let mut connection = pin!(connection);
    // An error means that the client disconnected, was late or does not speak HTTP; hyper has responded if possible.
    tokio::select! {
        // The shutdown first: a response that is ready when it begins says that the connection is closed.
        biased;
        _ = shutdown.begun() => connection.as_mut().graceful_shutdown(),
        _ = connection.as_mut() => return,
    }
    let _ = connection.await;
}

/// Responds to the first request of a connection above the limit, and closes it.
pub(crate) async fn refuse<S: ServerHandler>(stream: TcpStream, server: Arc<HttpServer<S>>) {
    let service = service_fn(|request: Request<Incoming>| {
        let mut response = server.respond_above_limit(&request);
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(CONNECTION, close);
        async move { Ok::<_, Infallible>(response) }
    });
    let connection = http1(REFUSAL).serve_connection(TokioIo::new(stream), service);
    let _ = tokio::time::timeout(2 * REFUSAL, connection).await;
}

fn http1(header_read_timeout: Duration) -> Builder {
    let mut builder = Builder::new();
    builder
        .timer(TokioTimer::new())
        // Begins at the end of the request before, so it is the idle timeout, too.
        .header_read_timeout(header_read_timeout)
        .max_headers(MAX_HEADERS)
        .max_buf_size(2 * MAX_HEADER_BYTES);
    builder
}
