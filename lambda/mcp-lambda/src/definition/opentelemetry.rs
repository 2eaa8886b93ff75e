//! Lets a server declare spans.

use crate::definition::Definition;

impl<S, C> Definition<S, C> {
    /// Makes OpenTelemetry spans if the environment names a receiver (`OTEL_EXPORTER_OTLP_ENDPOINT` and the other
    /// variables in `docs/spans.md`, which become settings of the contract): one for each request, which continues
    /// the caller's trace, and one for each call to DynamoDB, Lambda and CloudWatch Logs that the library makes for it. They are
    /// exported by OTLP, as protobuf over HTTP, after the response; a failed export is only logged.
    ///
    /// While a tool runs, the request's span is the current one of `opentelemetry::Context`, and the global tracer
    /// provider exports the same way, so that `opentelemetry::global::tracer("…")` makes children of it. It is set before
    /// the server is built.
    ///
    /// Does not export metrics or logs, and makes no spans of `tracing` by itself.
    #[must_use]
    pub fn opentelemetry(mut self) -> Self {
        self.spans.is_on = true;
        self
    }
}
