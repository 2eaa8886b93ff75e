//! Lambda for one function.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::answer::{Answer, Failure};
use crate::instance::{Instance, Invocation, Signal};
use crate::options::FunctionOptions;
use crate::pool::Pool;
use crate::process::{self, ThreadProgram};

/// What Lambda is for one function: as many processes as there are invocations at one time.
pub struct Function {
    options: Arc<FunctionOptions>,
    /// Runs on threads instead of the command of the options.
    program: Option<ThreadProgram>,
    pool: Arc<Pool<Instance>>,
    started: AtomicU64,
    killed: AtomicU64,
}

impl Function {
    /// Starts no process yet: the first invocation does.
    #[must_use]
    pub fn new(options: FunctionOptions) -> Arc<Self> {
        Self::start(options, None)
    }

    pub(crate) fn start(options: FunctionOptions, program: Option<ThreadProgram>) -> Arc<Self> {
        let seed = options.kills.map_or(0, |kills| kills.seed);
        Arc::new(Self {
            options: Arc::new(options),
            program,
            pool: Arc::new(Pool::new(seed)),
            started: AtomicU64::new(0),
            killed: AtomicU64::new(0),
        })
    }

    /// Hands one event to an idle process, or to a new one, and waits for the head of its answer.
    ///
    /// # Errors
    ///
    /// [`Failure`], when there is no answer.
    pub async fn invoke(&self, event: Bytes) -> Result<Answer, Failure> {
        self.run(event, false).await
    }

    /// Hands one event to a process and waits until the process has worked on it; what it answers does not matter.
    ///
    /// # Errors
    ///
    /// [`Failure`], when it did not come to its end.
    pub async fn invoke_asynchronously(&self, event: Bytes) -> Result<(), Failure> {
        self.run(event, true).await.map(|_| ())
    }

    async fn run(&self, event: Bytes, is_asynchronous: bool) -> Result<Answer, Failure> {
        let (answer, answered) = oneshot::channel();
        let invocation = Invocation {
            request_id: Uuid::new_v4().to_string(),
            event,
            is_asynchronous,
            answer,
        };
        let kill = |instance: &Instance| {
            instance.signal(Signal::Kill);
            self.killed.fetch_add(1, Ordering::Relaxed);
        };
        match self.pool.take(self.options.kills, kill).await {
            Some(instance) => instance.hand_over(invocation),
            None => {
                let number = self.started.fetch_add(1, Ordering::Relaxed);
                let program = self.program.as_ref();
                process::start(&self.pool, &self.options, program, number, invocation).await?;
            }
        }
        answered.await.unwrap_or(Err(Failure::Ended))
    }

    /// How many processes have been started so far.
    #[must_use]
    pub fn processes_started(&self) -> u64 {
        self.started.load(Ordering::Relaxed)
    }

    /// How many idle processes have been ended at random so far.
    #[must_use]
    pub fn processes_killed(&self) -> u64 {
        self.killed.load(Ordering::Relaxed)
    }
}
