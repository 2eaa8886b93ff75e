//! Accepts connections for the plain HTTP mode and shuts down on a signal.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rmcp::ServerHandler;
use serde_json::json;
use tokio::net::TcpListener;

use crate::definition::BuiltServer;
use crate::endpoint::Endpoint;
use crate::endpoint::limits::{MAX_HEADER_BYTES, MAX_HEADERS};
use crate::http_service::resource_server::ResourceServer;
use crate::runtime::deadline::Deadline;
use crate::runtime::log::Log;
use crate::runtime::process::Process;
use crate::runtime::start_error::StartError;

/// Time for a client to send its headers.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// Serves plain HTTP until the process gets a termination signal.
///
/// Does not support TLS.
pub(crate) async fn serve<S: ServerHandler>(
    mut built: BuiltServer<S>,
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
    let (settings, contract) = (built.settings.clone(), built.contract.clone());
    let work = built.state.take_work();
    let endpoint = Arc::new(Endpoint::new(built, process));
    if let Some(work) = work {
        tokio::spawn(work_on(Arc::clone(&endpoint), work, process.log.clone()));
    }
    endpoint.telemetry().flush_periodically();
    let telemetry = Arc::clone(&endpoint);
    let server = Arc::new(ResourceServer::new(
        endpoint, &settings, &contract, process,
    )?);
    process.log.info(
        "listening",
        &json!({ "address": local_address.to_string(), "resource": settings.resource.as_str() }),
    );
    let mut end = std::pin::pin!(termination());
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                // One connection failed, or no file descriptor is left: the next accept may succeed.
                Err(_) => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
            () = &mut end => {
                telemetry.telemetry().flush(Deadline::none()).await;
                return Ok(());
            }
        };
        let _ = stream.set_nodelay(true);
        let server = Arc::clone(&server);
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let server = Arc::clone(&server);
                async move {
                    let reply = server.respond(request, Deadline::none(), None).await;
                    // The process lives on, so nobody has to wait for the tail.
                    Ok::<_, Infallible>(reply.response)
                }
            });
            // An error here means that the client disconnected or does not speak HTTP; hyper has responded if possible.
            let _ = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADER_TIMEOUT)
                .max_headers(MAX_HEADERS)
                .max_buf_size(2 * MAX_HEADER_BYTES)
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

/// Processes the work items of tasks concurrently.
async fn work_on<S: ServerHandler>(
    endpoint: Arc<Endpoint<S>>,
    mut work: tokio::sync::mpsc::UnboundedReceiver<String>,
    log: Log,
) {
    while let Some(item) = work.recv().await {
        let (endpoint, log) = (Arc::clone(&endpoint), log.clone());
        tokio::spawn(async move {
            if let Err(problem) = endpoint.work(&item, Deadline::none(), None).await {
                let reason = json!({ "reason": problem.to_string() });
                log.error("a work item could not be worked on", &reason);
            }
        });
    }
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
