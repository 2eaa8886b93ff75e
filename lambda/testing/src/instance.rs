//! One process of the function: what it works on, and what is sent to it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::answer::{Answer, Failure};
use crate::options::FunctionOptions;
use crate::pool::Pool;

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
    number: u64,
    pool: Weak<Pool<Self>>,
    pub(crate) options: Arc<FunctionOptions>,
    pub(crate) waiting: tokio::sync::Mutex<mpsc::Receiver<Invocation>>,
    invocations: mpsc::Sender<Invocation>,
    running: Mutex<Option<Running>>,
    signals: mpsc::UnboundedSender<Signal>,
}

impl Instance {
    /// A process, and what its guard receives.
    pub(crate) fn new(
        pool: &Arc<Pool<Self>>,
        options: &Arc<FunctionOptions>,
        number: u64,
    ) -> (Arc<Self>, mpsc::UnboundedReceiver<Signal>) {
        let (invocations, waiting) = mpsc::channel(1);
        let (signals, received) = mpsc::unbounded_channel();
        let instance = Self {
            number,
            pool: Arc::downgrade(pool),
            options: Arc::clone(options),
            waiting: waiting.into(),
            invocations,
            running: Mutex::new(None),
            signals,
        };
        (Arc::new(instance), received)
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
        self.signal(Signal::Begin(Instant::now() + self.options.timeout));
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
        if let Some(pool) = self.pool.upgrade() {
            pool.answered(self.number);
        }
        let running = self.running().take();
        if let (Some(running), Err(failure)) = (running, outcome) {
            running.fail(failure).await;
        }
    }

    fn running(&self) -> MutexGuard<'_, Option<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The process waits for its next invocation.
    pub(crate) fn idle(self: &Arc<Self>) {
        if let Some(pool) = self.pool.upgrade() {
            pool.idle(self.number, Arc::clone(self));
        }
    }

    /// The process is gone: whoever waits for it is told.
    pub(crate) async fn over(&self, failure: &Failure) {
        if let Some(pool) = self.pool.upgrade() {
            pool.forget(self.number);
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
