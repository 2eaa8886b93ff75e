//! Collects what is logged about each request and writes its log line with metrics.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use http::{HeaderMap, Method, StatusCode};
use mcp_lambda_contract::{List, McpSettings, Metrics};
use tokio::time::Instant;

use crate::endpoint::message::Message;
use crate::endpoint::refusal::Refusal;
use crate::revision::Revision;
use crate::runtime::deadline::Deadline;
use crate::runtime::invocation_ids::InvocationIds;
use crate::runtime::log::Log;
use crate::runtime::process::Process;
use crate::telemetry::line::{self, Directive, Line};
use crate::telemetry::names;
use crate::telemetry::outcome::Outcome;
use crate::telemetry::spans::{RequestSpan, Spans};
use crate::telemetry::trace::{TraceParent, xray_trace_id};

/// The state that the records of one process share.
pub(crate) struct Telemetry {
    log: Log,
    /// The server's name in its contract.
    server: String,
    /// CloudWatch reads metrics from the log, so only a Lambda function writes them.
    metrics: bool,
    /// Names of MCP clients that may be logged, beside those of [`names::client`].
    clients: Vec<String>,
    now: fn() -> SystemTime,
    spans: Spans,
    /// Whether the next invocation is the first one of a process that was started on demand.
    cold: AtomicBool,
    /// Records of requests that have ended, while they are held back.
    held: Mutex<Option<Vec<Record>>>,
}

/// While it exists, log lines of finished requests wait, so that the response is sent before the line is written.
pub(crate) struct HeldRecords<'a>(&'a Telemetry);

impl Drop for HeldRecords<'_> {
    fn drop(&mut self) {
        // Each writes its line when it is dropped, after the lock is released.
        let records = self.0.held().take();
        drop(records);
    }
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
            metrics: (is_function || process.is_ecs_task()) && settings.metrics == Metrics::Emf,
            clients: settings
                .log_clients
                .as_ref()
                .map_or_else(Vec::new, |List(names)| names.clone()),
            now: process.now,
            spans,
            cold: AtomicBool::new(is_function && !started_in_advance),
            held: Mutex::default(),
        })
    }

    /// Exports the spans that have ended, between two invocations.
    pub(crate) async fn flush(&self, deadline: Deadline) {
        self.spans.flush(deadline).await;
    }

    /// Exports spans periodically until the process ends.
    pub(crate) fn flush_periodically(&self) {
        self.spans.flush_periodically();
    }

    /// Holds back the lines of requests that end from now on.
    pub(crate) fn hold(&self) -> HeldRecords<'_> {
        self.held().get_or_insert_default();
        HeldRecords(self)
    }

    /// Takes the record of a finished request and holds it back or drops it.
    fn end(&self, record: Record) {
        if let Some(held) = &mut *self.held() {
            held.push(record);
        }
    }

    fn held(&self) -> MutexGuard<'_, Option<Vec<Record>>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
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

/// One request until its response has ended. Its line is written then, or when the record is dropped.
pub(crate) struct Record {
    telemetry: Arc<Telemetry>,
    start: Instant,
    invocation: Option<(InvocationIds, bool)>,
    /// The caller's trace.
    trace_id: Option<String>,
    /// The way in, when it is not MCP.
    api: Option<&'static str>,
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
            api: None,
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

    /// The request came to the tools API, where these headers may be logged and this method of MCP is the same.
    pub(crate) fn rest(&mut self, headers: &HeaderMap, method: Option<&str>) {
        self.api = Some("rest");
        self.headers(headers, Revision::Unnamed);
        if let Some(method) = method {
            self.message(&Message::of_method(method));
        }
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

    /// The tool that is called, if it is one of the server.
    pub(crate) fn called_tool(&self) -> Option<&str> {
        self.tool.as_deref()
    }

    /// The invocation that the request came with.
    pub(crate) fn invocation(&self) -> Option<&InvocationIds> {
        self.invocation.as_ref().map(|(ids, _)| ids)
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
        self.refuse_as(refusal.name());
        self.throttled = refusal.is_throttling();
    }

    /// The request does not reach a tool, for the reason of this name.
    pub(crate) fn refuse_as(&mut self, name: &'static str) {
        self.refusal = Some(name);
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
        let is_hit = self.outcome.cached().map(|cached| cached.age.is_some());
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
            api: self.api,
            cache: is_hit.map(|is_hit| if is_hit { "hit" } else { "miss" }),
            metrics: has_metrics.then(|| line::Metrics {
                aws: Directive::new(
                    (self.telemetry.now)(),
                    is_cold,
                    self.throttled,
                    is_hit.is_some(),
                ),
                server: &self.telemetry.server,
                calls: 1,
                errors: u8::from(!matches!(outcome, "ok" | "cancelled")),
                latency: duration_ms,
                cold_starts: is_cold.then_some(1),
                throttles: self.throttled.then_some(1),
                cache_hits: is_hit.map(u8::from),
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
