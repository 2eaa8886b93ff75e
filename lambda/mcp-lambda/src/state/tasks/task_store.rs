//! Stores tasks and applies each step to them atomically.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::runtime::deadline::Deadline;
use crate::state::store::{Attempts, State, StoreError, Version, Versioned};
use crate::state::tasks::record::{Record, Time, milliseconds};
use crate::token::caller::Caller;

/// How often a step is retried when another process wrote in between. Each conflict means that another step took
/// effect.
const STEPS: u32 = 20;

/// Stores tasks. Every key contains the caller's identity, so another caller's task is not found.
#[derive(Clone)]
pub(super) struct TaskStore {
    pub(super) state: State,
    pub(super) now: fn() -> SystemTime,
}

/// The parts of a task. Each is an item of its own, so that reading a task does not read its arguments and result.
#[derive(Clone, Copy)]
pub(super) enum Part<'a> {
    Record,
    /// The message of the call. It never changes.
    Call,
    /// The result of this worker's run of the tool. It never changes.
    Result {
        worker: &'a str,
    },
}

impl TaskStore {
    pub(super) fn now(&self) -> Time {
        let since = (self.now)().duration_since(UNIX_EPOCH).unwrap_or_default();
        milliseconds(since)
    }

    fn key(&self, caller: &Caller, task: &str, part: Part<'_>) -> String {
        let seal = &self.state.seal;
        match part {
            Part::Record => seal.key(caller, &["task", task]),
            Part::Call => seal.key(caller, &["task", task, "call"]),
            Part::Result { worker } => seal.key(caller, &["task", task, "result", worker]),
        }
    }

    /// Stores a part that never changes.
    pub(super) async fn keep(
        &self,
        caller: &Caller,
        task: &str,
        part: Part<'_>,
        value: &impl Serialize,
        expires: Time,
    ) -> Result<(), StoreError> {
        let text = serde_json::to_string(value).map_err(|_| StoreError::Nonsense)?;
        let key = self.key(caller, task, part);
        let left = self.left(expires);
        patiently(|| self.state.store.put(key.clone(), text.clone(), left)).await
    }

    pub(super) async fn kept<T: DeserializeOwned>(
        &self,
        caller: &Caller,
        task: &str,
        part: Part<'_>,
    ) -> Result<Option<T>, StoreError> {
        let key = self.key(caller, task, part);
        let text = patiently(|| self.state.store.get(key.clone())).await?;
        text.map(|text| serde_json::from_str(&text).map_err(|_| StoreError::Nonsense))
            .transpose()
    }

    /// Stores a new task's record; from here on clients can request it.
    pub(super) async fn create(
        &self,
        caller: &Caller,
        task: &str,
        record: &Record,
    ) -> Result<(), StoreError> {
        let text = serde_json::to_string(record).map_err(|_| StoreError::Nonsense)?;
        let key = self.key(caller, task, Part::Record);
        self.write(&key, &text, record.expires(), &Version::first()?)
            .await
    }

    /// Applies one step to a task, after steps that are due by the clock, and returns its result; `None` when this
    /// caller has no such task. Concurrent steps are applied one after the other.
    pub(super) async fn step<T>(
        &self,
        caller: &Caller,
        task: &str,
        mut step: impl FnMut(&mut Record, Time) -> T,
    ) -> Result<Option<(Record, T)>, StoreError> {
        let key = self.key(caller, task, Part::Record);
        for _ in 0..STEPS {
            let read = patiently(|| self.state.store.read(key.clone())).await?;
            let Some(Versioned { value, version }) = read else {
                return Ok(None);
            };
            let mut record: Record =
                serde_json::from_str(&value).map_err(|_| StoreError::Nonsense)?;
            let now = self.now();
            record.settle(now);
            let came_of_it = step(&mut record, now);
            let text = serde_json::to_string(&record).map_err(|_| StoreError::Nonsense)?;
            if text == value {
                return Ok(Some((record, came_of_it)));
            }
            match self
                .write(&key, &text, record.expires(), &version.next()?)
                .await
            {
                Ok(()) => return Ok(Some((record, came_of_it))),
                Err(StoreError::Conflict) => {}
                Err(problem) => return Err(problem),
            }
        }
        Err(StoreError::Conflict)
    }

    async fn write(
        &self,
        key: &str,
        text: &str,
        expires: Time,
        version: &Version,
    ) -> Result<(), StoreError> {
        let left = self.left(expires);
        let store = &self.state.store;
        patiently(|| store.write(key.to_owned(), text.to_owned(), left, version.clone())).await
    }

    /// The time left, rounded up to whole seconds.
    fn left(&self, expires: Time) -> Duration {
        Duration::from_secs(expires.saturating_sub(self.now()).div_ceil(1000).max(1))
    }
}

/// Retries after transient failures. A caller with less time cancels it earlier.
async fn patiently<T, F>(operation: impl FnMut() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    Attempts::until(Deadline::none()).run(operation).await
}
