//! Stores tasks and applies each step to them atomically.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::runtime::deadline::Deadline;
use crate::state::{Attempts, State, StoreError, Version, Versioned};
use crate::tasks::record::{Record, Time, milliseconds};
use crate::token::caller::Caller;

/// How often a step is tried again when somebody else wrote in between. Each time somebody's step was taken.
const STEPS: u32 = 20;

/// Where tasks are written down. The caller's identity is in every key, so another caller's task is not there.
#[derive(Clone)]
pub(super) struct Ledger {
    pub(super) state: State,
    pub(super) now: fn() -> SystemTime,
}

/// The parts of a task. Each is an item of its own, so that a look at a task does not read its arguments and result.
#[derive(Clone, Copy)]
pub(super) enum Part<'a> {
    Record,
    /// The message of the call. It never changes.
    Call,
    /// What this worker's run of the tool answered. It never changes.
    Result {
        worker: &'a str,
    },
}

impl Ledger {
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

    /// Writes down what never changes.
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

    /// Writes a new task's record down; it can be asked for from here on.
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

    /// Takes one step of a task, after any that its clock takes by itself, and says what came of it; `None` when this
    /// caller has no such task. Of two steps at one time the second sees the first.
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

    /// Full seconds, and never too few.
    fn left(&self, expires: Time) -> Duration {
        Duration::from_secs(expires.saturating_sub(self.now()).div_ceil(1000).max(1))
    }
}

/// Repeats what fails for a moment. Whoever waits for less time cuts it short.
async fn patiently<T, F>(operation: impl FnMut() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    Attempts::until(Deadline::none()).run(operation).await
}
