//! Carries the outcome of a request from where it is known to the log line.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use rmcp::model::ErrorCode;

use crate::telemetry::spans::Ambient;

const OK: u8 = 0;
const TASK: u8 = 1;
const TOOL_ERROR: u8 = 2;
const ERROR: u8 = 3;

/// How a request ended, set where the end is known, so that the response body is not parsed for it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    state: Arc<AtomicU8>,
    span: Ambient,
}

impl Outcome {
    /// The same, with the request's span.
    pub(crate) fn with_span(&self, span: Ambient) -> Self {
        Self {
            state: Arc::clone(&self.state),
            span,
        }
    }

    /// Makes the request's span the current one while the future runs.
    pub(crate) fn active<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        self.span.active(future)
    }

    /// The call has become a task; the tool runs later.
    pub(crate) fn task(&self) {
        self.state.fetch_max(TASK, Ordering::Relaxed);
    }

    /// The tool's result says `isError`.
    pub(crate) fn tool_error(&self) {
        self.state.fetch_max(TOOL_ERROR, Ordering::Relaxed);
    }

    /// The response is a JSON-RPC error.
    pub(crate) fn error(&self, code: ErrorCode) {
        self.span.failed(code);
        self.failed();
    }

    /// There is no response.
    pub(crate) fn failed(&self) {
        self.state.fetch_max(ERROR, Ordering::Relaxed);
    }

    /// Its name in the log.
    pub(crate) fn name(&self) -> &'static str {
        match self.state.load(Ordering::Relaxed) {
            OK => "ok",
            TASK => "task",
            TOOL_ERROR => "toolError",
            _ => "error",
        }
    }
}
