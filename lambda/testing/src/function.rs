use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

use crate::answer::{Answer, Failure, TransferMode};
use crate::instance::{Instance, Invocation, Signal};

/// How a function is run.
#[derive(Clone, Debug)]
pub struct FunctionOptions {
    /// The program, usually a `bootstrap`, and its arguments.
    pub command: Vec<String>,
    /// The program's whole environment, apart from the variables that Lambda itself sets.
    pub environment: BTreeMap<String, String>,
    /// `_HANDLER`, which managed runtimes need; custom runtimes do not read it.
    pub handler: String,
    /// How long one invocation may take; the process is killed then.
    pub timeout: Duration,
    /// What form the answers must have.
    pub transfer_mode: TransferMode,
    /// Whether idle processes are ended at random.
    pub kills: Option<Kills>,
}

/// Ending idle processes at random: before each invocation, each idle process with this probability.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Kills {
    /// Between 0 and 1.
    pub probability: f64,
    /// The same seed and the same order of requests end the same processes.
    pub seed: u64,
}

/// What Lambda is for one function: as many processes as there are invocations at one time.
pub struct Function {
    options: FunctionOptions,
    pool: Mutex<Pool>,
    came_back: Notify,
    started: AtomicU64,
    killed: AtomicU64,
}

/// How long a process that has answered may take to ask for its next invocation before another one is started for a
/// waiting event. A client on loopback is back sooner than any client of AWS, and would otherwise meet cold starts
/// that it would not meet there.
const GRACE: Duration = Duration::from_millis(20);

struct Pool {
    /// Used last comes first, as in Lambda.
    idle: Vec<Arc<Instance>>,
    /// Numbers of the processes that have answered and not yet asked for more.
    returning: HashSet<u64>,
    random: fastrand::Rng,
}

impl Function {
    /// Starts no process yet: the first invocation does.
    #[must_use]
    pub fn new(options: FunctionOptions) -> Arc<Self> {
        let random = fastrand::Rng::with_seed(options.kills.map_or(0, |kills| kills.seed));
        Arc::new(Self {
            options,
            pool: Mutex::new(Pool {
                idle: Vec::new(),
                returning: HashSet::new(),
                random,
            }),
            came_back: Notify::new(),
            started: AtomicU64::new(0),
            killed: AtomicU64::new(0),
        })
    }

    /// Hands one event to an idle process, or to a new one, and waits for the head of its answer.
    ///
    /// # Errors
    ///
    /// [`Failure`], when there is no answer.
    pub async fn invoke(self: &Arc<Self>, event: Bytes) -> Result<Answer, Failure> {
        self.run(event, false).await
    }

    /// Hands one event to a process and waits until the process has worked on it; what it answers does not matter.
    ///
    /// # Errors
    ///
    /// [`Failure`], when it did not come to its end.
    pub async fn invoke_asynchronously(self: &Arc<Self>, event: Bytes) -> Result<(), Failure> {
        self.run(event, true).await.map(|_| ())
    }

    async fn run(self: &Arc<Self>, event: Bytes, is_asynchronous: bool) -> Result<Answer, Failure> {
        let (answer, answered) = oneshot::channel();
        let invocation = Invocation {
            request_id: Uuid::new_v4().to_string(),
            event,
            is_asynchronous,
            answer,
        };
        match self.free_instance().await {
            Some(instance) => instance.hand_over(invocation),
            None => {
                let number = self.started.fetch_add(1, Ordering::Relaxed);
                Instance::start(self, number, invocation).await?;
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

    pub(crate) fn options(&self) -> &FunctionOptions {
        &self.options
    }

    /// A process has answered its invocation.
    pub(crate) fn answered(&self, number: u64) {
        self.pool().returning.insert(number);
    }

    /// A process waits for its next invocation.
    pub(crate) fn idle(&self, instance: Arc<Instance>) {
        let mut pool = self.pool();
        pool.returning.remove(&instance.number);
        pool.idle.push(instance);
        self.came_back.notify_one();
    }

    /// A process is gone.
    pub(crate) fn forget(&self, number: u64) {
        let mut pool = self.pool();
        pool.returning.remove(&number);
        pool.idle.retain(|instance| instance.number != number);
    }

    /// An idle process, or one that will be idle in a moment.
    async fn free_instance(&self) -> Option<Arc<Instance>> {
        let end = Instant::now() + GRACE;
        loop {
            if let Some(instance) = self.take_idle() {
                return Some(instance);
            }
            if self.pool().returning.is_empty() {
                return None;
            }
            timeout_at(end, self.came_back.notified()).await.ok()?;
        }
    }

    fn take_idle(&self) -> Option<Arc<Instance>> {
        let mut pool = self.pool();
        if let Some(Kills { probability, .. }) = self.options.kills {
            let Pool { idle, random, .. } = &mut *pool;
            idle.retain(|instance| {
                let spared = random.f64() >= probability;
                if !spared {
                    instance.signal(Signal::Kill);
                    self.killed.fetch_add(1, Ordering::Relaxed);
                }
                spared
            });
        }
        pool.idle.pop()
    }

    fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
