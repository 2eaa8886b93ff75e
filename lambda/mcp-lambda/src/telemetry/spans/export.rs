//! Queues finished spans and exports them by OTLP.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderValue, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use opentelemetry::Context;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};
use prost::Message as _;
use serde_json::json;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::runtime::https::{HyperClient, hyper_client};
use crate::runtime::log::Log;
use crate::telemetry::spans::settings::Configuration;

/// Most spans that wait for an export; the SDK's own queue has the same length.
const LONGEST_QUEUE: usize = 2048;
/// Longest response that is read.
const LONGEST_RESPONSE: usize = 16 * 1024;
/// After a failure nothing is sent for this long, then twice as long, and so on: an unreachable receiver must not cost
/// time in every invocation.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Spans that have ended and wait for their export.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    /// Notified of every span.
    pub(super) filled: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    spans: Vec<SpanData>,
    /// Spans for which there was no room.
    dropped: usize,
}

impl Queue {
    fn push(&self, span: SpanData) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.spans.len() < LONGEST_QUEUE {
            waiting.spans.push(span);
        } else {
            waiting.dropped += 1;
        }
    }

    fn take(&self) -> Waiting {
        std::mem::take(&mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Queues finished spans. It does not export them, because it is called where a span ends, and must not wait.
#[derive(Debug)]
pub(super) struct ToQueue(pub(super) Arc<Queue>);

impl SpanProcessor for ToQueue {
    fn on_start(&self, _span: &mut Span, _context: &Context) {}

    fn on_end(&self, span: SpanData) {
        if span.span_context.is_sampled() {
            self.0.push(span);
            self.0.filled.notify_one();
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }
}

/// Sends spans by OTLP: protobuf over HTTP.
///
/// `opentelemetry-otlp` is not used: it reads the process's environment itself, does not report refused spans, and
/// retries for longer than an invocation can wait.
pub(super) struct Exporter {
    queue: Arc<Queue>,
    client: HyperClient<Full<Bytes>>,
    url: Uri,
    headers: HeaderMap,
    timeout: Duration,
    resource: ResourceAttributesWithSchema,
    log: Log,
    /// Held while an export runs.
    state: tokio::sync::Mutex<State>,
}

/// The state after failed exports.
#[derive(Default)]
struct State {
    unsent: ExportTraceServiceRequest,
    spans: usize,
    dropped: usize,
    pause: Duration,
    until: Option<Instant>,
}

/// Why an export failed.
enum Problem {
    Unreachable,
    TooSlow,
    Status(StatusCode),
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Unreachable => formatter.write_str("the receiver cannot be reached"),
            Problem::TooSlow => formatter.write_str("the receiver did not answer in time"),
            Problem::Status(status) => {
                write!(
                    formatter,
                    "the receiver answered with status {}",
                    status.as_u16()
                )
            }
        }
    }
}

impl Problem {
    /// Whether the same spans may be taken later (OTLP specification, "Failures").
    fn is_transient(&self) -> bool {
        match self {
            Problem::Unreachable | Problem::TooSlow => true,
            Problem::Status(status) => matches!(status.as_u16(), 429 | 502 | 503 | 504),
        }
    }
}

impl Exporter {
    pub(super) fn new(queue: Arc<Queue>, configuration: &Configuration, log: Log) -> Self {
        let mut headers = configuration.headers.clone();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/x-protobuf"),
        );
        headers.insert(
            USER_AGENT,
            HeaderValue::from_static(crate::runtime::runtime_api::NAME),
        );
        Self {
            queue,
            client: hyper_client(),
            url: configuration.url.clone(),
            headers,
            timeout: configuration.timeout,
            resource: (&configuration.resource).into(),
            log,
            state: tokio::sync::Mutex::default(),
        }
    }

    /// Sends the queued spans, within the time limit of an export and within `limit`. A failure is one log line.
    pub(super) async fn export(&self, limit: Option<Duration>) {
        let mut state = self.state.lock().await;
        if state.until.is_some_and(|until| Instant::now() < until) {
            return;
        }
        let new = self.queue.take();
        state.dropped += new.dropped;
        if !new.spans.is_empty() {
            state.spans += new.spans.len();
            let spans = group_spans_by_resource_and_scope(new.spans, &self.resource);
            state.unsent.resource_spans.extend(spans);
        }
        if state.spans == 0 {
            return;
        }
        let time = limit.map_or(self.timeout, |limit| limit.min(self.timeout));
        let sent = tokio::time::timeout(time, self.send(&state.unsent)).await;
        let problem = match sent.unwrap_or(Err(Problem::TooSlow)) {
            Ok(response) => {
                let refused = response
                    .partial_success
                    .map_or(0, |partial| partial.rejected_spans);
                if refused > 0 || state.dropped > 0 {
                    let fields = json!({ "refused": refused, "dropped": state.dropped });
                    self.log.error("some spans were not exported", &fields);
                }
                *state = State::default();
                return;
            }
            Err(problem) => problem,
        };
        let fields = json!({ "reason": problem.to_string(), "spans": state.spans, "dropped": state.dropped });
        self.log.error("spans could not be exported", &fields);
        if !problem.is_transient() || state.spans >= LONGEST_QUEUE {
            state.dropped = 0;
            state.spans = 0;
            state.unsent = ExportTraceServiceRequest::default();
        }
        state.pause = (state.pause * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE);
        state.until = Instant::now().checked_add(state.pause);
    }

    async fn send(
        &self,
        spans: &ExportTraceServiceRequest,
    ) -> Result<ExportTraceServiceResponse, Problem> {
        let mut request = Request::post(self.url.clone())
            .body(Full::from(spans.encode_to_vec()))
            .map_err(|_| Problem::Unreachable)?;
        *request.headers_mut() = self.headers.clone();
        let response = self.client.request(request).await;
        let response = response.map_err(|_| Problem::Unreachable)?;
        let status = response.status();
        // Reading the rest frees the connection. An unreadable body of a successful response changes nothing.
        let body = Limited::new(response.into_body(), LONGEST_RESPONSE)
            .collect()
            .await;
        if !status.is_success() {
            return Err(Problem::Status(status));
        }
        let body = body.map(http_body_util::Collected::to_bytes);
        Ok(body
            .ok()
            .and_then(|body| ExportTraceServiceResponse::decode(body).ok())
            .unwrap_or_default())
    }
}
