//! Holds what the spans of one process share.

use std::sync::Arc;

use opentelemetry_sdk::trace::SdkTracer;

use crate::telemetry::spans::export::{Exporter, Queue};
use crate::telemetry::spans::values::Propagators;

/// The tracer, and the way of a finished span to the receiver.
pub(super) struct Tracing {
    pub(super) tracer: SdkTracer,
    pub(super) propagators: Propagators,
    pub(super) queue: Arc<Queue>,
    pub(super) exporter: Exporter,
}
