//! Starts a process of the function, and ends it when its time is over.

use std::collections::BTreeMap;
use std::os::fd::AsFd;
use std::process::Stdio;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::answer::Failure;
use crate::instance::{Instance, Invocation, Signal};
use crate::options::FunctionOptions;
use crate::pool::Pool;
use crate::runtime_api;

/// A program that runs on a thread of the test, with these environment variables, until its Runtime API is gone.
pub(crate) type ThreadProgram = Arc<dyn Fn(BTreeMap<String, String>) + Send + Sync>;

/// Starts a process whose first invocation is this one: a child process, or a thread that runs `program`.
pub(crate) async fn start(
    pool: &Arc<Pool<Instance>>,
    options: &Arc<FunctionOptions>,
    program: Option<&ThreadProgram>,
    number: u64,
    first: Invocation,
) -> Result<(), Failure> {
    let not_started = |error: std::io::Error| Failure::NotStarted(error.to_string());
    let listener = TcpListener::bind(("127.0.0.1", 0))
        .await
        .map_err(not_started)?;
    let address = listener.local_addr().map_err(not_started)?;
    let mut environment = options.environment.clone();
    environment.extend(
        [
            ("AWS_LAMBDA_RUNTIME_API", address.to_string()),
            ("AWS_LAMBDA_FUNCTION_NAME", "under-test".to_owned()),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128".to_owned()),
            ("_HANDLER", options.handler.clone()),
        ]
        .map(|(name, value)| (name.to_owned(), value)),
    );
    let mut process = match program {
        Some(program) => Process::thread(program, environment).map_err(not_started)?,
        None => Process::child(options, environment)?,
    };

    let (instance, mut received) = Instance::new(pool, options, number);
    // A new process's invocation counts from its start, as the init phase is part of what the client waits for.
    let mut deadline = Some(Instant::now() + options.timeout);
    instance.hand_over(first);
    let api = tokio::spawn(runtime_api::serve(listener, Arc::clone(&instance)));
    tokio::spawn(async move {
        let failure = loop {
            tokio::select! {
                () = process.ended() => break Failure::Ended,
                () = until(deadline) => break Failure::TimedOut,
                signal = received.recv() => match signal {
                    Some(Signal::Begin(end)) => deadline = Some(end),
                    Some(Signal::Finish) => deadline = None,
                    Some(Signal::Kill) | None => break Failure::Ended,
                },
            }
        };
        process.kill().await;
        api.abort();
        instance.over(&failure).await;
    });
    Ok(())
}

/// What runs the function.
enum Process {
    Child(Child),
    /// Resolves when the thread ends.
    Thread(oneshot::Receiver<()>),
}

impl Process {
    fn child(
        options: &FunctionOptions,
        environment: BTreeMap<String, String>,
    ) -> Result<Self, Failure> {
        let not_started =
            |error: std::io::Error| Failure::NotStarted(format!("{}: {error}", options.command[0]));
        // Lambda takes both streams of a process as its log.
        let log = std::io::stderr()
            .as_fd()
            .try_clone_to_owned()
            .map_err(not_started)?;
        Command::new(&options.command[0])
            .args(&options.command[1..])
            .env_clear()
            .envs(environment)
            .stdin(Stdio::null())
            .stdout(log)
            .kill_on_drop(true)
            .spawn()
            .map(Self::Child)
            .map_err(not_started)
    }

    fn thread(
        program: &ThreadProgram,
        environment: BTreeMap<String, String>,
    ) -> std::io::Result<Self> {
        let (end, ended) = oneshot::channel::<()>();
        let program = Arc::clone(program);
        std::thread::Builder::new().spawn(move || {
            program(environment);
            drop(end);
        })?;
        Ok(Self::Thread(ended))
    }

    async fn ended(&mut self) {
        match self {
            Process::Child(child) => drop(child.wait().await),
            Process::Thread(ended) => drop(ended.await),
        }
    }

    /// A thread cannot be killed: it ends when it finds its Runtime API gone.
    async fn kill(&mut self) {
        match self {
            // Fails only when the process is gone already, which is what is wanted.
            Process::Child(child) => drop(child.kill().await),
            Process::Thread(_) => {}
        }
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
