//! OpenTelemetry spans, for a server that declares them and a process whose environment names a receiver. They contain
//! no more data of a caller than the log line.

mod export;
mod parent;
mod request;
mod settings;
mod tracing;
mod values;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use mcp_lambda_contract::{ServerInfo, Setting};
use opentelemetry::InstrumentationScope;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::SdkTracerProvider;

use crate::runtime::deadline::Deadline;
use crate::runtime::invocation_ids::InvocationIds;
use crate::runtime::process::Process;
use export::{Exporter, Queue, ToQueue};
use tracing::Tracing;

pub(crate) use request::{Ambient, RequestSpan};

/// The plain HTTP mode collects spans for this long before it sends them.
const COLLECT: Duration = Duration::from_secs(1);

/// Shortest useful time for an export; with less, none is begun.
const SHORTEST: Duration = Duration::from_millis(20);

/// Whether a server makes spans.
#[derive(Default)]
pub(crate) struct SpansDeclaration {
    pub(crate) is_on: bool,
}

impl SpansDeclaration {
    /// The settings of the contract.
    pub(crate) fn definitions(&self) -> Vec<Setting> {
        if self.is_on {
            settings::definitions()
        } else {
            Vec::new()
        }
    }

    pub(crate) fn start(&self, server: &ServerInfo, process: &Process) -> Spans {
        if self.is_on {
            Spans::start(server, process)
        } else {
            Spans::default()
        }
    }
}

/// The spans of one process; without an address to send them to there are none.
#[derive(Clone, Default)]
pub(crate) struct Spans(Option<Arc<Tracing>>);

impl Spans {
    /// Reads the settings. If they name a receiver, this installs the library's global tracer provider, so that spans
    /// of the server's own code are exported too.
    fn start(server: &ServerInfo, process: &Process) -> Self {
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

    /// Exports finished spans before the invocation ends.
    pub(crate) async fn flush(&self, deadline: Deadline) {
        if let Some(tracing) = &self.0 {
            let left = deadline.remaining();
            // The invocation may have no time left; the next one has its own.
            if left.is_none_or(|left| left > SHORTEST) {
                tracing.exporter.export(left).await;
            }
        }
    }

    /// Exports periodically in the background.
    pub(crate) fn flush_periodically(&self) {
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
