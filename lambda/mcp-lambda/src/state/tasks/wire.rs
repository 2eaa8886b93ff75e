//! Converts task records into the task objects of the protocol.

use chrono::{DateTime, SecondsFormat};
use rmcp::model::{DetailedTask, JsonObject, Task, TaskPayload, TaskStatus};
use serde_json::Value;

use crate::state::tasks::record::{Record, Stage, Time};

/// The polling interval for clients.
const POLL_MILLISECONDS: u64 = 1000;

/// The task without the members that depend on its status.
pub(super) fn task(id: &str, record: &Record) -> Task {
    let task = Task::new(
        id,
        TaskStatus::Working,
        timestamp(record.created),
        timestamp(record.updated),
    )
    .with_ttl_ms(record.time_to_live)
    .with_poll_interval_ms(POLL_MILLISECONDS);
    let message = match &record.stage {
        Stage::Failed { error } => Some(error.message.as_ref()),
        Stage::Waiting { .. } | Stage::Running { .. } | Stage::Asking { .. } => {
            record.message.as_deref()
        }
        // A progress message is not the reason for the end.
        Stage::Completed { .. } | Stage::Cancelled => None,
    };
    match message {
        Some(message) => task.with_status_message(message),
        None => task,
    }
}

/// The task as `tasks/get` shows it. `result` is present for a completed one.
pub(super) fn detailed(id: &str, record: &Record, result: Option<JsonObject>) -> DetailedTask {
    let payload = match &record.stage {
        Stage::Waiting { .. } | Stage::Running { .. } => TaskPayload::Working,
        Stage::Asking { open, .. } => TaskPayload::InputRequired {
            input_requests: Record::questions(open),
        },
        Stage::Completed { .. } => TaskPayload::Completed {
            result: result.unwrap_or_default(),
        },
        Stage::Failed { error } => TaskPayload::Failed {
            error: match serde_json::to_value(error) {
                Ok(Value::Object(error)) => error,
                Ok(_) | Err(_) => JsonObject::new(),
            },
        },
        Stage::Cancelled => TaskPayload::Cancelled,
    };
    DetailedTask::new(task(id, record), payload)
}

/// ISO 8601, in UTC, to the millisecond.
fn timestamp(time: Time) -> String {
    let time = i64::try_from(time)
        .ok()
        .and_then(DateTime::from_timestamp_millis)
        .unwrap_or_default();
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}
