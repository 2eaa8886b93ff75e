//! Starts a process of the function, and ends it when its time is over.

use std::os::fd::AsFd;
use std::process::Stdio;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::time::Instant;

use crate::answer::Failure;
use crate::instance::{Instance, Invocation, Signal};
use crate::options::FunctionOptions;
use crate::pool::Pool;
use crate::runtime_api;

/// Starts a process whose first invocation is this one.
pub(crate) async fn start(
    pool: &Arc<Pool<Instance>>,
    options: &Arc<FunctionOptions>,
    number: u64,
    first: Invocation,
) -> Result<(), Failure> {
    let not_started = |error: std::io::Error| Failure::NotStarted(error.to_string());
    let listener = TcpListener::bind(("127.0.0.1", 0))
        .await
        .map_err(not_started)?;
    let address = listener.local_addr().map_err(not_started)?;
    // Lambda takes both streams of a process as its log.
    let log = std::io::stderr()
        .as_fd()
        .try_clone_to_owned()
        .map_err(not_started)?;
    let mut process = Command::new(&options.command[0])
        .args(&options.command[1..])
        .env_clear()
        .envs(&options.environment)
        .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
        .env("AWS_LAMBDA_FUNCTION_NAME", "under-test")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
        .env("_HANDLER", &options.handler)
        .stdin(Stdio::null())
        .stdout(log)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| Failure::NotStarted(format!("{}: {error}", options.command[0])))?;

    let (instance, mut received) = Instance::new(pool, options, number);
    // A new process's invocation counts from its start, as the init phase is part of what the client waits for.
    let mut deadline = Some(Instant::now() + options.timeout);
    instance.hand_over(first);
    let api = tokio::spawn(runtime_api::serve(listener, Arc::clone(&instance)));
    tokio::spawn(async move {
        let failure = loop {
            tokio::select! {
                _ = process.wait() => break Failure::Ended,
                () = until(deadline) => break Failure::TimedOut,
                signal = received.recv() => match signal {
                    Some(Signal::Begin(end)) => deadline = Some(end),
                    Some(Signal::Finish) => deadline = None,
                    Some(Signal::Kill) | None => break Failure::Ended,
                },
            }
        };
        // Fails only when the process is gone already, which is what is wanted.
        let _ = process.kill().await;
        api.abort();
        instance.over(&failure).await;
    });
    Ok(())
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
