//! Collects what is logged about one request and writes its log line with metrics.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, Method, StatusCode};
use serde::Serialize;
use tokio::time::Instant;

use crate::endpoint::message::Message;
use crate::endpoint::refusal::Refusal;
use crate::revision::Revision;
use crate::runtime::invocation_ids::InvocationIds;
use crate::telemetry::spans::RequestSpan;
use crate::telemetry::trace::{TraceParent, xray_trace_id};
use crate::telemetry::{Outcome, Telemetry, names};

/// The CloudWatch namespace of the metrics.
const NAMESPACE: &str = "McpLambda";

/// One request until its response has ended. Its line is written then, or when the record is dropped.
pub(crate) struct Record {
    telemetry: Arc<Telemetry>,
    start: Instant,
    invocation: Option<(InvocationIds, bool)>,
    /// The caller's trace.
    trace_id: Option<String>,
    method: Option<&'static str>,
    protocol_version: Option<&'static str>,
    client: Option<String>,
    tool: Option<String>,
    /// Whether the caller was allowed to call the tool.
    admitted: bool,
    throttled: bool,
    refusal: Option<&'static str>,
    status: Option<StatusCode>,
    outcome: Outcome,
    span: RequestSpan,
    /// From the start to the end of the response; `None` before its end.
    duration: Option<Duration>,
}

impl Record {
    pub(crate) fn new(
        telemetry: Arc<Telemetry>,
        start: Instant,
        invocation: Option<(InvocationIds, bool)>,
    ) -> Self {
        let ids = invocation.as_ref().map(|(ids, _)| ids);
        let span = telemetry.spans.begin(telemetry.now, ids);
        Self {
            telemetry,
            start,
            invocation,
            trace_id: None,
            method: None,
            protocol_version: None,
            client: None,
            tool: None,
            admitted: false,
            throttled: false,
            refusal: None,
            status: None,
            outcome: Outcome::default(),
            span,
            duration: None,
        }
    }

    /// Records what the headers say that may be logged; the message takes precedence later.
    pub(crate) fn headers(&mut self, headers: &HeaderMap, revision: Revision) {
        self.protocol_version = names::revision(revision);
        let parent = headers.get("traceparent");
        self.trace(parent.and_then(|parent| parent.to_str().ok()));
        self.span.headers(headers);
    }

    /// Records the members of the message that may be logged.
    pub(crate) fn message(&mut self, message: &Message) {
        self.method = message.method.as_deref().map(names::method);
        self.trace(message.traceparent.as_deref());
        if let Some(version) = message.protocol_version.as_deref() {
            self.protocol_version = names::revision(Revision::parse(version));
        }
        self.client = message
            .client
            .as_deref()
            .map(|name| names::client(name, &self.telemetry.clients).to_owned());
        self.span.message(message);
    }

    fn trace(&mut self, traceparent: Option<&str>) {
        if let Some(parent) = traceparent.and_then(TraceParent::parse) {
            self.trace_id = Some(parent.trace_id.to_owned());
        }
    }

    /// Records the tool that is called, which must be one of the server.
    pub(crate) fn tool(&mut self, tool: &str) {
        self.tool = Some(tool.to_owned());
    }

    /// The function processes a work item of its own.
    pub(crate) fn work(&mut self) {
        self.method = Some("tasks/work");
    }

    /// This span sent the work item.
    pub(crate) fn continues(&mut self, traceparent: Option<&str>) {
        self.span.work(traceparent);
    }

    /// The request has no message: a client reconnects to its event stream, or ends its session.
    pub(crate) fn without_message(&mut self, method: &Method) {
        self.method = match *method {
            Method::GET => Some("GET"),
            Method::DELETE => Some("DELETE"),
            _ => None,
        };
    }

    /// The caller is allowed to call the tool.
    pub(crate) fn admit(&mut self) {
        self.admitted = true;
    }

    /// The outcome that the rest of the library sets.
    pub(crate) fn outcome(&self) -> Outcome {
        self.outcome.with_span(self.span.ambient())
    }

    pub(crate) fn refuse(&mut self, refusal: &Refusal) {
        self.refusal = Some(refusal.name());
        self.throttled = refusal.is_throttling();
    }

    pub(crate) fn status(&mut self, status: StatusCode) {
        self.status = Some(status);
    }

    /// The response has ended.
    pub(crate) fn finish(mut self) {
        self.duration = Some(self.start.elapsed());
        self.span.stop();
        Arc::clone(&self.telemetry).end(self);
    }

    fn outcome_name(&self) -> &'static str {
        let is_failure = |status: StatusCode| status.is_client_error() || status.is_server_error();
        match (self.outcome.name(), self.refusal) {
            (_, Some(_)) => "refused",
            _ if self.duration.is_none() => "cancelled",
            ("ok", None) if self.status.is_some_and(is_failure) => "error",
            (name, None) => name,
        }
    }

    fn write(&mut self) {
        let outcome = self.outcome_name();
        let duration = self.duration.unwrap_or_else(|| self.start.elapsed());
        let duration_ms = duration.as_micros() as f64 / 1000.0;
        let ids = self.invocation.as_ref().map(|(ids, _)| ids);
        let cold_start = self.invocation.as_ref().map(|(_, is_cold)| *is_cold);
        let is_cold = cold_start == Some(true);
        // A call that has become a task is counted when its tool has run.
        let has_run = self.admitted && self.tool.is_some() && outcome != "task";
        let has_metrics = self.telemetry.metrics && has_run;
        let span_trace = self.span.trace_id();
        let line = Line {
            level: "INFO",
            message: "request",
            request_id: ids.map(|ids| ids.request_id.as_str()),
            xray_trace_id: ids.and_then(|ids| xray_trace_id(ids.trace_id.as_deref()?)),
            trace_id: span_trace.as_deref().or(self.trace_id.as_deref()),
            method: self.method,
            tool: self.tool.as_deref(),
            protocol_version: self.protocol_version,
            client: self.client.as_deref(),
            status: self.status.map(|status| status.as_u16()),
            outcome,
            refusal: self.refusal,
            duration_ms,
            cold_start,
            metrics: has_metrics.then(|| Metrics {
                aws: Directive::new((self.telemetry.now)(), is_cold, self.throttled),
                server: &self.telemetry.server,
                calls: 1,
                errors: u8::from(!matches!(outcome, "ok" | "cancelled")),
                latency: duration_ms,
                cold_starts: is_cold.then_some(1),
                throttles: self.throttled.then_some(1),
            }),
        };
        self.telemetry.log.request(&line);
        self.span.end(&line);
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        self.write();
    }
}

/// The log line, whose members `docs/telemetry.md` lists.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Line<'a> {
    level: &'static str,
    message: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) request_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    xray_trace_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) method: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tool: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) protocol_version: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<u16>,
    pub(crate) outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) refusal: Option<&'static str>,
    duration_ms: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cold_start: Option<bool>,
    #[serde(flatten)]
    metrics: Option<Metrics<'a>>,
}

/// The members that CloudWatch turns into metrics (embedded metric format), in the same line, so that no second line
/// with the same ids is necessary.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metrics<'a> {
    #[serde(rename = "_aws")]
    aws: Directive,
    #[serde(rename = "server")]
    server: &'a str,
    calls: u8,
    errors: u8,
    latency: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    cold_starts: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    throttles: Option<u8>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Directive {
    timestamp: u64,
    cloud_watch_metrics: [MetricSet; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct MetricSet {
    namespace: &'static str,
    dimensions: [[&'static str; 2]; 1],
    metrics: Vec<Metric>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metric {
    name: &'static str,
    unit: &'static str,
}

impl Directive {
    /// Rare metrics are included only when they are 1: each metric is billed for each month in which it occurs.
    fn new(now: SystemTime, is_cold: bool, throttled: bool) -> Self {
        let count = |name| Metric {
            name,
            unit: "Count",
        };
        let mut metrics = vec![
            count("Calls"),
            count("Errors"),
            Metric {
                name: "Latency",
                unit: "Milliseconds",
            },
        ];
        metrics.extend(is_cold.then(|| count("ColdStarts")));
        metrics.extend(throttled.then(|| count("Throttles")));
        let since_epoch = now
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        Self {
            timestamp: u64::try_from(since_epoch.as_millis()).unwrap_or_default(),
            cloud_watch_metrics: [MetricSet {
                namespace: NAMESPACE,
                dimensions: [["server", "tool"]],
                metrics,
            }],
        }
    }
}
