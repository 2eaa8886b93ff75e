//! Carries the outcome of a request from where it is known to the log line.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};

use rmcp::model::ErrorCode;

use crate::telemetry::spans::Ambient;

const OK: u8 = 0;
const TASK: u8 = 1;
const TOOL_ERROR: u8 = 2;
const ERROR: u8 = 3;

/// How a request ended, set where the end is known, so that the response body is not parsed for it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    known: Arc<Known>,
    span: Ambient,
}

/// What the rest of the library has said about the request.
#[derive(Debug, Default)]
struct Known {
    state: AtomicU8,
    is_stopped: AtomicBool,
    limited: OnceLock<u64>,
    cached: OnceLock<Cached>,
}

/// How the result cache took part in a call of a tool whose results are cached.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cached {
    /// How long a result is kept, in seconds.
    pub(crate) seconds: u64,
    /// The age of the result in seconds; `None` when the tool ran.
    pub(crate) age: Option<u64>,
}

impl Outcome {
    /// The same, with the request's span.
    pub(crate) fn with_span(&self, span: Ambient) -> Self {
        Self {
            known: Arc::clone(&self.known),
            span,
        }
    }

    /// Makes the request's span the current one while the future runs.
    pub(crate) fn active<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        self.span.active(future)
    }

    /// The tool's results are cached.
    #[allow(dead_code, reason = "only the feature `state` has a result cache")]
    pub(crate) fn cache(&self, cached: Cached) {
        // The first one counts: the tool is called once.
        let _ = self.known.cached.set(cached);
    }

    /// How the result cache took part; `None` when the tool's results are not cached.
    pub(crate) fn cached(&self) -> Option<Cached> {
        self.known.cached.get().copied()
    }

    /// The call has become a task; the tool runs later.
    pub(crate) fn task(&self) {
        self.known.state.fetch_max(TASK, Ordering::Relaxed);
    }

    /// The tool's result says `isError`.
    pub(crate) fn tool_error(&self) {
        self.known.state.fetch_max(TOOL_ERROR, Ordering::Relaxed);
    }

    /// The tool was stopped, because it did not return in time.
    pub(crate) fn stopped(&self) {
        self.known.is_stopped.store(true, Ordering::Relaxed);
    }

    /// Whether the tool was stopped.
    pub(crate) fn is_stopped(&self) -> bool {
        self.known.is_stopped.load(Ordering::Relaxed)
    }

    /// The caller has used up its calls of the tool, for so many seconds.
    #[allow(dead_code, reason = "only the feature `state` has limits of callers")]
    pub(crate) fn limited(&self, seconds: u64) {
        let _ = self.known.limited.set(seconds);
    }

    /// For how many seconds the caller has used up its calls of the tool, if it has.
    pub(crate) fn limited_for(&self) -> Option<u64> {
        self.known.limited.get().copied()
    }

    /// The response is a JSON-RPC error.
    pub(crate) fn error(&self, code: ErrorCode) {
        self.span.failed(code);
        self.failed();
    }

    /// There is no response.
    pub(crate) fn failed(&self) {
        self.known.state.fetch_max(ERROR, Ordering::Relaxed);
    }

    /// Its name in the log.
    pub(crate) fn name(&self) -> &'static str {
        match self.known.state.load(Ordering::Relaxed) {
            OK => "ok",
            TASK => "task",
            TOOL_ERROR => "toolError",
            _ => "error",
        }
    }
}
