use std::os::fd::AsFd;
use std::process::Stdio;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::answer::{Answer, Failure};
use crate::function::Function;
use crate::runtime_api;

/// One event for one process, and whoever waits for the answer.
pub(crate) struct Invocation {
    pub(crate) request_id: String,
    pub(crate) event: Bytes,
    /// Nobody looks at the answer, whatever it is.
    pub(crate) is_asynchronous: bool,
    pub(crate) answer: oneshot::Sender<Result<Answer, Failure>>,
}

/// An invocation that a process has taken and not finished.
struct Running {
    request_id: String,
    is_asynchronous: bool,
    answer: Option<oneshot::Sender<Result<Answer, Failure>>>,
    /// There while the answer is being streamed, so that its end can be an error.
    body: Option<mpsc::Sender<Result<Bytes, Failure>>>,
}

/// What the process's guard is told.
pub(crate) enum Signal {
    /// An invocation begins, to be over by this time.
    Begin(Instant),
    /// The process asks for more: what it did after its answer is over, too.
    Finish,
    /// End the process.
    Kill,
}

/// One process of the function with the Runtime API that it alone talks to.
pub(crate) struct Instance {
    pub(crate) number: u64,
    pub(crate) function: Weak<Function>,
    pub(crate) waiting: tokio::sync::Mutex<mpsc::Receiver<Invocation>>,
    invocations: mpsc::Sender<Invocation>,
    running: Mutex<Option<Running>>,
    signals: mpsc::UnboundedSender<Signal>,
}

impl Instance {
    /// Starts a process whose first invocation is this one.
    pub(crate) async fn start(
        function: &Arc<Function>,
        number: u64,
        first: Invocation,
    ) -> Result<(), Failure> {
        let not_started = |error: std::io::Error| Failure::NotStarted(error.to_string());
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .map_err(not_started)?;
        let address = listener.local_addr().map_err(not_started)?;
        let options = function.options();
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

        let (invocations, waiting) = mpsc::channel(1);
        let (signals, mut received) = mpsc::unbounded_channel();
        let instance = Arc::new(Self {
            number,
            function: Arc::downgrade(function),
            waiting: waiting.into(),
            invocations,
            running: Mutex::new(None),
            signals,
        });
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

    /// Gives the process its next invocation; it must be idle.
    pub(crate) fn hand_over(&self, invocation: Invocation) {
        // An idle process has an empty queue. Were it gone meanwhile, the dropped invocation says so to its sender.
        let _ = self.invocations.try_send(invocation);
    }

    pub(crate) fn signal(&self, signal: Signal) {
        // The guard is gone when the process is; nothing is left to say then.
        let _ = self.signals.send(signal);
    }

    /// The process has taken this invocation.
    pub(crate) fn begin(
        &self,
        request_id: String,
        is_asynchronous: bool,
        answer: oneshot::Sender<Result<Answer, Failure>>,
    ) {
        *self.running() = Some(Running {
            request_id,
            is_asynchronous,
            answer: Some(answer),
            body: None,
        });
        self.signal(Signal::Begin(Instant::now() + self.timeout()));
    }

    /// Whether nobody looks at the answer to the invocation that is running.
    pub(crate) fn is_asynchronous(&self) -> bool {
        self.running()
            .as_ref()
            .is_some_and(|running| running.is_asynchronous)
    }

    pub(crate) fn is_running(&self, request_id: &str) -> bool {
        self.running()
            .as_ref()
            .is_some_and(|running| running.request_id == request_id)
    }

    /// Hands the answer to whoever waits for it; `body` is where the rest of it will come from.
    pub(crate) fn hand_back(
        &self,
        answer: Answer,
        body: Option<mpsc::Sender<Result<Bytes, Failure>>>,
    ) {
        if let Some(running) = self.running().as_mut() {
            running.body = body;
            if let Some(waiting) = running.answer.take() {
                // The client may be gone.
                let _ = waiting.send(Ok(answer));
            }
        }
    }

    /// The process is done with its invocation, and can take the next one.
    pub(crate) async fn finish(&self, outcome: Result<(), Failure>) {
        // Before the client hears the end of its answer, which the next line may bring.
        if let Some(function) = self.function.upgrade() {
            function.answered(self.number);
        }
        let running = self.running().take();
        if let (Some(running), Err(failure)) = (running, outcome) {
            running.fail(failure).await;
        }
    }

    fn running(&self) -> MutexGuard<'_, Option<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long one invocation may take.
    pub(crate) fn timeout(&self) -> Duration {
        self.function
            .upgrade()
            .map_or(Duration::ZERO, |function| function.options().timeout)
    }

    /// The process is gone: whoever waits for it is told.
    async fn over(&self, failure: &Failure) {
        if let Some(function) = self.function.upgrade() {
            function.forget(self.number);
        }
        let running = self.running().take();
        if let Some(running) = running {
            running.fail(failure.clone()).await;
        }
        let mut waiting = self.waiting.lock().await;
        waiting.close();
        while let Some(invocation) = waiting.recv().await {
            let _ = invocation.answer.send(Err(failure.clone()));
        }
    }
}

impl Running {
    async fn fail(self, failure: Failure) {
        if let Some(answer) = self.answer {
            let _ = answer.send(Err(failure.clone()));
        }
        if let Some(body) = self.body {
            let _ = body.send(Err(failure)).await;
        }
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
