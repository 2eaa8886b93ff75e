use std::collections::BTreeMap;
use std::time::SystemTime;

use chrono::{DateTime, SecondsFormat};
use rmcp::ErrorData;
use rmcp::model::{DetailedTask, InputResponses, JsonObject, Task, TaskPayload, TaskStatus};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::changes::{milliseconds, unreadable};
use crate::jobs::{Job, Outcome};
use crate::shared_state::SharedState;

/// How long a task can be asked for after it was created.
const LIFETIME_MILLISECONDS: u64 = 300_000;
/// How often a client is asked to look.
const POLL_MILLISECONDS: u64 = 200;

/// Tasks (extension `io.modelcontextprotocol/tasks`) that no process owns.
///
/// The process that creates a task may be gone when the client asks for it. What a task has come to is derived from
/// what was written down (its job, the answers, the cancellation) and the clock, so every process says the same.
#[derive(Clone)]
pub(crate) struct Tasks {
    shared: SharedState,
    now: fn() -> SystemTime,
}

/// What is written when a task is created. Times are milliseconds since 1970.
#[derive(Serialize, Deserialize)]
struct Created {
    at: u64,
    job: Job,
}

#[derive(Serialize, Deserialize)]
struct Answered {
    at: u64,
    answer: Value,
}

/// What a task has come to, and since when.
struct State {
    payload: TaskPayload,
    since: u64,
}

impl Tasks {
    pub(crate) fn new(shared: SharedState, now: fn() -> SystemTime) -> Self {
        Self { shared, now }
    }

    /// Writes a task down; from here on every process can say what it has come to.
    pub(crate) fn create(&self, job: Job) -> Result<Task, ErrorData> {
        let id = Uuid::new_v4().to_string();
        let at = milliseconds((self.now)());
        self.shared
            .create(&created(&id), &Created { at, job })
            .map_err(unreadable)?;
        Ok(task(&id, TaskStatus::Working, at, at))
    }

    /// `tasks/get`.
    pub(crate) fn get(&self, id: &str) -> Result<DetailedTask, ErrorData> {
        let created = self.find(id)?;
        let State { payload, since } = self.state(id, &created)?;
        Ok(DetailedTask::new(
            task(id, payload.status(), created.at, since),
            payload,
        ))
    }

    /// `tasks/update`: answers to open questions. An answer that nobody waits for is ignored, as the extension says.
    pub(crate) fn answer(&self, id: &str, answers: InputResponses) -> Result<(), ErrorData> {
        let created = self.find(id)?;
        let TaskPayload::InputRequired { input_requests } = self.state(id, &created)?.payload
        else {
            return Ok(());
        };
        let at = milliseconds((self.now)());
        for (key, answer) in answers
            .into_iter()
            .filter(|(key, _)| input_requests.contains_key(key))
        {
            self.shared
                .create(&answered(id, &key), &Answered { at, answer })
                .map_err(unreadable)?;
        }
        Ok(())
    }

    /// `tasks/cancel`: cancels what still runs; what is over stays as it is.
    pub(crate) fn cancel(&self, id: &str) -> Result<(), ErrorData> {
        let created = self.find(id)?;
        if !self.state(id, &created)?.payload.status().is_terminal() {
            let at = milliseconds((self.now)());
            self.shared
                .create(&cancelled(id), &at)
                .map_err(unreadable)?;
        }
        Ok(())
    }

    fn find(&self, id: &str) -> Result<Created, ErrorData> {
        let unknown = || ErrorData::invalid_params(format!("no task has the id {id:?}"), None);
        Uuid::try_parse(id).map_err(|_| unknown())?;
        let found: Option<Created> = self.shared.read(&created(id)).map_err(unreadable)?;
        let now = milliseconds((self.now)());
        found
            .filter(|created| now < created.at.saturating_add(LIFETIME_MILLISECONDS))
            .ok_or_else(unknown)
    }

    fn state(&self, id: &str, created: &Created) -> Result<State, ErrorData> {
        let mut answers = BTreeMap::new();
        let mut latest = created.at;
        let mut open = created.job.questions()?;
        for key in open.keys().cloned().collect::<Vec<_>>() {
            if let Some(Answered { at, answer }) =
                self.shared.read(&answered(id, &key)).map_err(unreadable)?
            {
                open.remove(&key);
                latest = latest.max(at);
                answers.insert(key, answer);
            }
        }
        let cancelled: Option<u64> = self.shared.read(&cancelled(id)).map_err(unreadable)?;
        let over = latest.saturating_add(created.job.milliseconds());
        let now = milliseconds((self.now)());
        Ok(match cancelled {
            Some(at) if !open.is_empty() || at < over => State {
                payload: TaskPayload::Cancelled,
                since: at,
            },
            _ if !open.is_empty() => State {
                payload: TaskPayload::InputRequired {
                    input_requests: open,
                },
                since: latest,
            },
            _ if now < over => State {
                payload: TaskPayload::Working,
                since: latest,
            },
            _ => State {
                payload: payload(created.job.outcome(&answers))?,
                since: over,
            },
        })
    }
}

fn payload(outcome: Outcome) -> Result<TaskPayload, ErrorData> {
    Ok(match outcome {
        Ok(result) => TaskPayload::Completed {
            result: object(&result)?,
        },
        Err(error) => TaskPayload::Failed {
            error: object(&error)?,
        },
    })
}

fn object(value: &impl Serialize) -> Result<JsonObject, ErrorData> {
    let unusable = |error| ErrorData::internal_error(format!("outcome of a task: {error}"), None);
    serde_json::from_value(serde_json::to_value(value).map_err(unusable)?).map_err(unusable)
}

fn task(id: &str, status: TaskStatus, created: u64, updated: u64) -> Task {
    Task::new(id, status, timestamp(created), timestamp(updated))
        .with_ttl_ms(LIFETIME_MILLISECONDS)
        .with_poll_interval_ms(POLL_MILLISECONDS)
}

fn timestamp(milliseconds: u64) -> String {
    let time = i64::try_from(milliseconds)
        .ok()
        .and_then(DateTime::from_timestamp_millis)
        .unwrap_or_default();
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn created(id: &str) -> String {
    format!("task-{id}")
}

fn cancelled(id: &str) -> String {
    format!("task-{id}-cancelled")
}

fn answered(id: &str, key: &str) -> String {
    format!("task-{id}-answer-{key}")
}
