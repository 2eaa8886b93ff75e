//! Reads the log of the functions of a stack from CloudWatch Logs.

mod error;
mod groups;

use std::collections::BTreeSet;

use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::primitives::{DateTime, DateTimeFormat};
use aws_sdk_cloudwatchlogs::types::FilteredLogEvent;

pub use self::error::LogsError;
pub use self::groups::{LogGroup, find};
use crate::log_line::log_line;

/// How an event is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One readable line.
    Readable,
    /// One JSON object: the time, the function and the record as it was written.
    Json,
}

/// The events of some log groups from a time on, each once.
#[derive(Debug)]
pub struct Tail {
    client: Client,
    groups: Vec<LogGroup>,
    format: Format,
    /// The time of the last event, in milliseconds.
    from: i64,
    /// The events of that time that were given: the next request begins at the same time.
    given: BTreeSet<String>,
}

impl Tail {
    /// The events from `from` on, in milliseconds since 1970.
    #[must_use]
    pub fn new(client: Client, groups: Vec<LogGroup>, format: Format, from: i64) -> Self {
        Self {
            client,
            groups,
            format,
            from,
            given: BTreeSet::new(),
        }
    }

    /// The lines of the events since the last request, oldest first.
    ///
    /// # Errors
    ///
    /// [`LogsError`].
    pub async fn next(&mut self) -> Result<Vec<String>, LogsError> {
        let mut events = Vec::new();
        for (position, group) in self.groups.iter().enumerate() {
            let mut pages = self
                .client
                .filter_log_events()
                .log_group_name(&group.name)
                .start_time(self.from)
                .into_paginator()
                .send();
            while let Some(page) = pages.next().await {
                let page = page.map_err(LogsError::of("reading the log"))?;
                events.extend(
                    page.events
                        .unwrap_or_default()
                        .into_iter()
                        .map(|event| (position, event)),
                );
            }
        }
        events.retain(|(_, event)| event.event_id().is_none_or(|id| !self.given.contains(id)));
        events.sort_by_key(|(_, event)| event.timestamp());
        if let Some(last) = events.last().and_then(|(_, event)| event.timestamp()) {
            if last > self.from {
                self.given.clear();
                self.from = last;
            }
            let of_last = events
                .iter()
                .filter(|(_, event)| event.timestamp() == Some(last));
            self.given
                .extend(of_last.filter_map(|(_, event)| event.event_id().map(str::to_owned)));
        }
        Ok(events
            .iter()
            .filter_map(|(position, event)| self.line(self.groups.get(*position)?, event))
            .collect())
    }

    fn line(&self, group: &LogGroup, event: &FilteredLogEvent) -> Option<String> {
        let time = DateTime::from_secs(event.timestamp()?.div_euclid(1000))
            .fmt(DateTimeFormat::DateTime)
            .ok()?;
        let message = event.message()?;
        match self.format {
            Format::Json => {
                let record = serde_json::from_str(message)
                    .unwrap_or_else(|_| serde_json::Value::from(message.trim_end()));
                Some(
                    serde_json::json!({ "time": time, "function": group.label, "record": record })
                        .to_string(),
                )
            }
            Format::Readable => {
                let line = log_line(message)?;
                Some(if self.groups.len() > 1 {
                    format!("{time}  {}  {line}", group.label)
                } else {
                    format!("{time}  {line}")
                })
            }
        }
    }
}
