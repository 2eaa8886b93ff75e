//! Accepts connections for the plain HTTP mode and shuts down on a signal.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use rmcp::ServerHandler;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::definition::BuiltServer;
use crate::endpoint::Endpoint;
use crate::http_service::connection;
use crate::http_service::http_server::HttpServer;
use crate::http_service::open_work::OpenWork;
use crate::http_service::resource_server::{ResourceServer, protected_resource};
use crate::http_service::termination::Termination;
use crate::http_service::workers::Workers;
use crate::http_settings::HttpSettings;
use crate::runtime::deadline::Deadline;
use crate::runtime::log::Log;
use crate::runtime::process::Process;
use crate::runtime::shutdown::Shutdown;
use crate::runtime::start_error::StartError;
use crate::work_permit::{WorkLimit, semaphore};

/// How many requests each thread works on at one moment. With 512 connections on one thread this was 1.5 times as fast as
/// no limit, with half the memory (docs/adr/0011-http-service.md).
const REQUESTS_OF_A_THREAD: usize = 32;
/// Most connections above the limit that get a response. Further ones are closed.
const REFUSED_CONNECTIONS: usize = 64;

/// Serves plain HTTP until the process gets a termination signal, and then until its work is done, a time limit ends it, or
/// another signal comes.
///
/// Does not support TLS.
pub(crate) async fn serve<S: ServerHandler>(
    mut built: BuiltServer<S>,
    process: &Process,
) -> Result<(), StartError> {
    let http = built.http.clone();
    let listener = bind(&built.settings.listen).await?;
    let local_address = listener.local_addr().map_err(StartError::System)?;
    let threads = http.threads.unwrap_or_else(cpus);
    let workers = Arc::new(Workers::start(threads.get()).map_err(StartError::System)?);
    let mut termination = Termination::new().map_err(StartError::System)?;

    let settings = built.settings.clone();
    let metadata = protected_resource(&settings, &built.contract);
    let work = built.state.take_work();
    let (trigger, shutdown) = Shutdown::new();
    let (open, all_done) = OpenWork::new();
    let endpoint = Arc::new(Endpoint::new(built, process, shutdown.clone()));
    endpoint.telemetry().flush_periodically();
    let work_on = {
        let (endpoint, log) = (Arc::clone(&endpoint), process.log.clone());
        let workers = Arc::clone(&workers);
        move |item, open| workers.spawn(work_on(item, Arc::clone(&endpoint), log.clone(), open))
    };
    let mut done = tokio::spawn(all_done.run_until_done(work, work_on));
    let limit = WorkLimit::new(threads.get().saturating_mul(REQUESTS_OF_A_THREAD));
    let resource_server =
        ResourceServer::new(Arc::clone(&endpoint), &settings, &metadata, process)?
            .with_limits(http.body.0, limit);
    let server = HttpServer::new(resource_server, &http, shutdown.clone());
    let server = Arc::new(server);
    let keys = Arc::clone(&server);
    tokio::spawn(async move { keys.fetch_keys().await });
    process.log.info(
        "listening",
        &json!({ "address": local_address.to_string(), "resource": settings.resource.as_str(), "threads": threads }),
    );

    let connections = Connections::new(&http, server, Arc::clone(&workers), shutdown, open);
    tokio::select! {
        () = connections.accept(&listener) => {}
        () = termination.next() => {}
    }
    // From here on the operating system refuses connections.
    drop(listener);
    drop(connections);
    let end = trigger.begin(http.shutdown.0);
    let grace = json!({ "milliseconds": http.shutdown.0.as_millis() });
    process.log.info("shutting down", &grace);
    tokio::select! {
        _ = &mut done => {}
        () = tokio::time::sleep_until(end) => {}
        () = termination.next() => {}
    }
    endpoint.telemetry().flush(Deadline::none()).await;
    // Ends the threads, with whatever still runs on them.
    drop(workers);
    Ok(())
}

async fn bind(address: &str) -> Result<TcpListener, StartError> {
    let listener = TcpListener::bind(address).await;
    listener.map_err(|cause| StartError::Listen {
        address: address.to_owned(),
        cause,
    })
}

/// How many CPUs the process may use; those that a container's quota allows.
fn cpus() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// What accepts connections.
struct Connections<S: ServerHandler> {
    server: Arc<HttpServer<S>>,
    workers: Arc<Workers>,
    /// One permit for each further connection.
    free: Arc<Semaphore>,
    /// One permit for each further connection that is refused with a response.
    refusals: Arc<Semaphore>,
    keep_alive: Duration,
    shutdown: Shutdown,
    open: OpenWork,
}

impl<S: ServerHandler> Connections<S> {
    fn new(
        http: &HttpSettings,
        server: Arc<HttpServer<S>>,
        workers: Arc<Workers>,
        shutdown: Shutdown,
        open: OpenWork,
    ) -> Self {
        Self {
            server,
            workers,
            free: semaphore(http.connections.get()),
            refusals: semaphore(REFUSED_CONNECTIONS),
            keep_alive: http.keep_alive.0,
            shutdown,
            open,
        }
    }

    async fn accept(&self, listener: &TcpListener) {
        loop {
            match listener.accept().await {
                Ok((stream, peer)) => self.take(stream, peer),
                // One connection failed, or no file descriptor is left: the next accept may succeed.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    fn take(&self, stream: TcpStream, peer: SocketAddr) {
        let _ = stream.set_nodelay(true);
        let server = Arc::clone(&self.server);
        let Ok(free) = Arc::clone(&self.free).try_acquire_owned() else {
            if let Ok(refusal) = Arc::clone(&self.refusals).try_acquire_owned() {
                tokio::spawn(async move {
                    connection::refuse(stream, server).await;
                    drop(refusal);
                });
            }
            return;
        };
        // The stream belongs to the event loop of the thread that serves it.
        let Ok(stream) = stream.into_std() else {
            return;
        };
        let (keep_alive, shutdown) = (self.keep_alive, self.shutdown.clone());
        let open = self.open.clone();
        self.workers.spawn(async move {
            if let Ok(stream) = TcpStream::from_std(stream) {
                connection::serve(stream, peer.ip(), server, keep_alive, shutdown, open).await;
            }
            drop(free);
        });
    }
}

/// Processes one work item of a task.
async fn work_on<S: ServerHandler>(
    item: String,
    endpoint: Arc<Endpoint<S>>,
    log: Log,
    open: OpenWork,
) {
    if let Err(problem) = endpoint.work(&item, Deadline::none(), None).await {
        let reason = json!({ "reason": problem.to_string() });
        log.error("a work item could not be worked on", &reason);
    }
    drop(open);
}
