//! Logs, metrics and spans of requests: one log line with embedded metrics, and optional spans.

mod line;
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

pub(crate) use observed::observe;
pub(crate) use outcome::{Cached, Outcome};
pub(crate) use record::{Record, Telemetry};
