//! What an operator sees of a request: one log line, with metrics in it, and spans where a server has them.

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

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use mcp_lambda_contract::{List, McpSettings, Metrics};
use tokio::time::Instant;

use crate::deadline::Deadline;
use crate::endpoint::InvocationIds;
use crate::log::Log;
use crate::process::Process;

pub(crate) use observed::observed;
pub(crate) use outcome::Outcome;
pub(crate) use record::Record;
use spans::Spans;

/// Everything that the records of one process share.
pub(crate) struct Telemetry {
    log: Log,
    /// The server's name in its contract.
    server: String,
    /// Metrics are read out of the log by CloudWatch, so only a function writes them.
    metrics: bool,
    /// Names of MCP clients that may be logged, beside those of [`names::client`].
    clients: Vec<String>,
    now: fn() -> SystemTime,
    spans: Spans,
    /// Whether the next invocation is the first one, and nobody started the process in advance.
    cold: AtomicBool,
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
        })
    }

    /// Exports the spans that have ended, between two invocations.
    pub(crate) async fn flush(&self, deadline: Deadline) {
        self.spans.flush(deadline).await;
    }

    /// Exports spans while the process answers, and until it ends.
    pub(crate) fn flush_now_and_then(&self) {
        self.spans.flush_now_and_then();
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
