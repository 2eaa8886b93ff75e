//! Keeps one process of a service running.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use mcp_lambda_contract::HEALTH_PATH;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::process::{Process, Start};
use crate::dev::edge::{Pool, Upstream};
use crate::dev::error::StackError;
use crate::dev::ports::{bind, port_of};

/// Time to become ready.
const READY_SECONDS: u64 = 60;
/// Between two health checks.
const PAUSE: Duration = Duration::from_millis(50);
/// Before a process is replaced.
const RESTART: Duration = Duration::from_millis(200);
/// Before a process that could not be started is tried again.
const RETRY: Duration = Duration::from_secs(2);
/// More than a service has for its running calls by default.
const GRACE: Duration = Duration::from_secs(30);

/// A process that is replaced when it ends. It ends by force when this is dropped.
pub(super) struct Supervisor {
    ready: Option<oneshot::Receiver<Result<(), StackError>>>,
    end: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Supervisor {
    /// Starts the process. It takes its turn in `pool` while it is ready.
    pub(super) fn start(start: Start, pool: Pool) -> Self {
        let (tell, ready) = oneshot::channel();
        let (end, asked) = oneshot::channel();
        let task = tokio::spawn(async move { supervise(&start, &pool, tell, asked).await });
        Self {
            ready: Some(ready),
            end: Some(end),
            task,
        }
    }

    /// Waits until the first process is ready.
    pub(super) async fn ready(&mut self) -> Result<(), StackError> {
        match self.ready.take() {
            Some(ready) => ready.await.unwrap_or(Ok(())),
            None => Ok(()),
        }
    }

    /// Ends the process in order, after its running calls.
    pub(super) fn end(mut self) {
        if let Some(end) = self.end.take() {
            let _ = end.send(());
        }
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        // One that was asked to end goes on by itself.
        if self.end.is_some() {
            self.task.abort();
        }
    }
}

async fn supervise(
    start: &Start,
    pool: &Pool,
    tell: oneshot::Sender<Result<(), StackError>>,
    asked: oneshot::Receiver<()>,
) {
    let mut asked = std::pin::pin!(asked);
    let mut tell = Some(tell);
    loop {
        let (mut process, port) = match begin(start).await {
            Ok(begun) => begun,
            Err(error) => {
                match tell.take() {
                    Some(tell) => {
                        let _ = tell.send(Err(error));
                        return;
                    }
                    // It may pass: a program that is being built again, or a port that another one has taken.
                    None => start.log.say("service", &error.to_string()),
                }
                tokio::select! {
                    _ = &mut asked => return,
                    () = tokio::time::sleep(RETRY) => continue,
                }
            }
        };
        let not_ready = tokio::select! {
            _ = &mut asked => return process.end(GRACE).await,
            status = process.ended() => Some(status),
            () = healthy(port) => None,
            () = tokio::time::sleep(Duration::from_secs(READY_SECONDS)) => Some(format!("after {READY_SECONDS} s")),
        };
        if let Some(cause) = not_ready {
            let service = start.service.clone();
            let error = StackError::ServiceNotReady { service, cause };
            match tell.take() {
                Some(tell) => {
                    let _ = tell.send(Err(error));
                    return;
                }
                None => start.log.say("service", &error.to_string()),
            }
        } else {
            pool.add(port);
            if let Some(tell) = tell.take() {
                let _ = tell.send(Ok(()));
            }
            let status = tokio::select! {
                _ = &mut asked => {
                    pool.remove(port);
                    return process.end(GRACE).await;
                }
                status = process.ended() => status,
            };
            pool.remove(port);
            let line = format!(
                "a process of {} ended ({status}), another one starts",
                start.service
            );
            start.log.say("service", &line);
        }
        tokio::time::sleep(RESTART).await;
    }
}

/// A process on a port that is free.
async fn begin(start: &Start) -> Result<(Process, u16), StackError> {
    let listener = bind(0, "process of a service", 0).await?;
    let port = port_of(&listener)?;
    drop(listener);
    Ok((Process::start(start, port)?, port))
}

/// Waits until the process says that it is ready.
async fn healthy(port: u16) {
    let upstream = Upstream::at(port);
    loop {
        let request = Request::get(HEALTH_PATH).body(Body::empty());
        if let Ok(request) = request
            && let Ok(response) = upstream.call(request).await
            && response.status() == StatusCode::OK
        {
            return;
        }
        tokio::time::sleep(PAUSE).await;
    }
}
