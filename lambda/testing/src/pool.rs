//! Holds the processes of a function that are idle, or will be in a moment.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use crate::options::Kills;

/// How long a process that has answered may take to ask for its next invocation before another one is started for a
/// waiting event. A client on loopback is back sooner than any client of AWS, and would otherwise meet cold starts
/// that it would not meet there.
const GRACE: Duration = Duration::from_millis(20);

/// The idle processes, by their numbers.
pub(crate) struct Pool<P> {
    members: Mutex<Members<P>>,
    came_back: Notify,
}

struct Members<P> {
    /// Used last comes first, as in Lambda.
    idle: Vec<(u64, Arc<P>)>,
    /// Numbers of the processes that have answered and not yet asked for more.
    returning: HashSet<u64>,
    random: fastrand::Rng,
}

impl<P> Pool<P> {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            members: Mutex::new(Members {
                idle: Vec::new(),
                returning: HashSet::new(),
                random: fastrand::Rng::with_seed(seed),
            }),
            came_back: Notify::new(),
        }
    }

    /// A process has answered its invocation.
    pub(crate) fn answered(&self, number: u64) {
        self.members().returning.insert(number);
    }

    /// A process waits for its next invocation.
    pub(crate) fn idle(&self, number: u64, process: Arc<P>) {
        let mut members = self.members();
        members.returning.remove(&number);
        members.idle.push((number, process));
        self.came_back.notify_one();
    }

    /// A process is gone.
    pub(crate) fn forget(&self, number: u64) {
        let mut members = self.members();
        members.returning.remove(&number);
        members.idle.retain(|(other, _)| *other != number);
    }

    /// An idle process, or one that will be idle in a moment. `kill` ends those that chance has chosen.
    pub(crate) async fn take(&self, kills: Option<Kills>, kill: impl Fn(&P)) -> Option<Arc<P>> {
        let end = Instant::now() + GRACE;
        loop {
            if let Some(process) = self.take_idle(kills, &kill) {
                return Some(process);
            }
            if self.members().returning.is_empty() {
                return None;
            }
            timeout_at(end, self.came_back.notified()).await.ok()?;
        }
    }

    fn take_idle(&self, kills: Option<Kills>, kill: impl Fn(&P)) -> Option<Arc<P>> {
        let mut members = self.members();
        if let Some(Kills { probability, .. }) = kills {
            let Members { idle, random, .. } = &mut *members;
            idle.retain(|(_, process)| {
                let spared = random.f64() >= probability;
                if !spared {
                    kill(process);
                }
                spared
            });
        }
        members.idle.pop().map(|(_, process)| process)
    }

    fn members(&self) -> MutexGuard<'_, Members<P>> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
