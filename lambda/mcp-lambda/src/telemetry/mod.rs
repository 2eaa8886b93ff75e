//! Logs, metrics and spans of requests: one log line with embedded metrics, and optional spans.

mod names;
mod observed;
mod outcome;
mod record;
#[cfg(feature = "opentelemetry")]
pub(crate) mod spans;
#[cfg(not(feature = "opentelemetry"))]
#[path = "no_spans.rs"]
pub(crate) mod spans;
mod trace;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use mcp_lambda_contract::{List, McpSettings, Metrics};
use tokio::time::Instant;

use crate::runtime::deadline::Deadline;
use crate::runtime::invocation_ids::InvocationIds;
use crate::runtime::log::Log;
use crate::runtime::process::Process;

pub(crate) use observed::observe;
pub(crate) use outcome::Outcome;
pub(crate) use record::Record;
use spans::Spans;

/// The state that the records of one process share.
pub(crate) struct Telemetry {
    log: Log,
    /// The server's name in its contract.
    server: String,
    /// CloudWatch reads metrics from the log, so only a Lambda function writes them.
    metrics: bool,
    /// Names of MCP clients that may be logged, beside those of [`names::client`].
    clients: Vec<String>,
    now: fn() -> SystemTime,
    spans: Spans,
    /// Whether the next invocation is the first one of a process that was started on demand.
    cold: AtomicBool,
    /// Records of requests that have ended, while they are held back.
    held: Mutex<Option<Vec<Record>>>,
}

/// While it exists, log lines of finished requests wait, so that the response is sent before the line is written.
pub(crate) struct HeldRecords<'a>(&'a Telemetry);

impl Drop for HeldRecords<'_> {
    fn drop(&mut self) {
        // Each writes its line when it is dropped, after the lock is released.
        let records = self.0.held().take();
        drop(records);
    }
}

impl Telemetry {
    pub(crate) fn new(
        server: &str,
        settings: &McpSettings,
        process: &Process,
        spans: Spans,
    ) -> Arc<Self> {
        let is_function = process.runtime_api().is_some();
        let started_in_advance = process
            .variable("AWS_LAMBDA_INITIALIZATION_TYPE")
            .is_some_and(|kind| kind != "on-demand");
        Arc::new(Self {
            log: process.log.clone(),
            server: server.to_owned(),
            metrics: is_function && settings.metrics == Metrics::Emf,
            clients: settings
                .log_clients
                .as_ref()
                .map_or_else(Vec::new, |List(names)| names.clone()),
            now: process.now,
            spans,
            cold: AtomicBool::new(is_function && !started_in_advance),
            held: Mutex::default(),
        })
    }

    /// Exports the spans that have ended, between two invocations.
    pub(crate) async fn flush(&self, deadline: Deadline) {
        self.spans.flush(deadline).await;
    }

    /// Exports spans periodically until the process ends.
    pub(crate) fn flush_periodically(&self) {
        self.spans.flush_periodically();
    }

    /// Holds back the lines of requests that end from now on.
    pub(crate) fn hold(&self) -> HeldRecords<'_> {
        self.held().get_or_insert_default();
        HeldRecords(self)
    }

    /// Takes the record of a finished request and holds it back or drops it.
    fn end(&self, record: Record) {
        if let Some(held) = &mut *self.held() {
            held.push(record);
        }
    }

    fn held(&self) -> MutexGuard<'_, Option<Vec<Record>>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts the record of one request. Its line is written when the record is finished or dropped.
    pub(crate) fn begin(self: &Arc<Self>, invocation: Option<&InvocationIds>) -> Record {
        let is_cold = self.cold.swap(false, Ordering::Relaxed);
        Record::new(
            Arc::clone(self),
            Instant::now(),
            invocation.map(|ids| (ids.clone(), is_cold)),
        )
    }
}
