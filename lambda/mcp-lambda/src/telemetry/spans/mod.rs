//! Spans of OpenTelemetry, for a server that declares it and a process that is told where to send them. Nothing of them
//! holds more of a caller's text than the log line.

mod call;
mod export;
mod parent;
mod request;
mod settings;
mod values;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use mcp_lambda_contract::ServerInfo;
use opentelemetry::InstrumentationScope;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};

use crate::runtime::deadline::Deadline;
use crate::runtime::invocation_ids::InvocationIds;
use crate::runtime::process::Process;
use export::{Exporter, Queue, ToQueue};
use values::Propagators;

pub(crate) use call::Call;
#[cfg(feature = "dynamodb")]
pub(crate) use call::current_traceparent;
pub(crate) use request::{Ambient, RequestSpan};
pub(crate) use settings::definitions;

/// The plain HTTP mode collects spans for this long before it sends them.
const COLLECT: Duration = Duration::from_secs(1);

/// No export takes less, so none is begun.
const SHORTEST: Duration = Duration::from_millis(20);

/// The spans of one process; without an address to send them to there are none.
#[derive(Clone, Default)]
pub(crate) struct Spans(Option<Arc<Tracing>>);

struct Tracing {
    tracer: SdkTracer,
    propagators: Propagators,
    queue: Arc<Queue>,
    exporter: Exporter,
}

impl Spans {
    /// Reads the settings. Where they name a receiver, the global tracer provider of OpenTelemetry is this library's from
    /// now on, so that spans of the server's own code go the same way.
    pub(crate) fn start(server: &ServerInfo, process: &Process) -> Self {
        let Some(configuration) = settings::configuration(server, process) else {
            return Self(None);
        };
        let queue = Arc::new(Queue::default());
        let exporter = Exporter::new(Arc::clone(&queue), &configuration, process.log.clone());
        let provider = SdkTracerProvider::builder()
            .with_sampler(configuration.sampler)
            .with_resource(configuration.resource)
            .with_span_processor(ToQueue(Arc::clone(&queue)))
            .build();
        opentelemetry::global::set_tracer_provider(provider.clone());
        let scope = InstrumentationScope::builder("mcp-lambda")
            .with_version(env!("CARGO_PKG_VERSION"))
            .build();
        Self(Some(Arc::new(Tracing {
            tracer: provider.tracer_with_scope(scope),
            propagators: configuration.propagators,
            queue,
            exporter,
        })))
    }

    pub(crate) fn begin(
        &self,
        now: fn() -> SystemTime,
        ids: Option<&InvocationIds>,
    ) -> RequestSpan {
        RequestSpan::new(self.0.as_ref(), now, ids)
    }

    /// Exports what has ended, before the invocation does.
    pub(crate) async fn flush(&self, deadline: Deadline) {
        if let Some(tracing) = &self.0 {
            let left = deadline.remaining();
            // What is left of the invocation may be nothing; the next one has its own time.
            if left.is_none_or(|left| left > SHORTEST) {
                tracing.exporter.export(left).await;
            }
        }
    }

    /// Exports again and again, beside everything else.
    pub(crate) fn flush_now_and_then(&self) {
        if let Some(tracing) = self.0.clone() {
            tokio::spawn(async move {
                loop {
                    tracing.queue.filled.notified().await;
                    tokio::time::sleep(COLLECT).await;
                    tracing.exporter.export(None).await;
                }
            });
        }
    }
}
