//! Records the server span of one request or of one run of a task.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::SystemTime;

use futures_util::future::Either;
use http::HeaderMap;
use opentelemetry::context::FutureExt as _;
use opentelemetry::trace::{
    Link, SpanBuilder, SpanContext, SpanKind, Status, TraceContextExt, Tracer,
};
use opentelemetry::{Context, KeyValue};
use rmcp::model::{ErrorCode, RequestId};

use crate::endpoint::message::Message;
use crate::runtime::invocation_ids::InvocationIds;
use crate::telemetry::line::Line;
use crate::telemetry::spans::parent::{caller_span, xray_segment};
use crate::telemetry::spans::tracing::Tracing;

/// The span of one request, or of one run of a task's tool: a server span of the semantic conventions for MCP. It
/// begins when its parent is known, with the time at which the request arrived.
pub(crate) struct RequestSpan(Option<Box<Open>>);

struct Open {
    tracing: Arc<Tracing>,
    now: fn() -> SystemTime,
    arrived: SystemTime,
    kind: SpanKind,
    parent: Option<SpanContext>,
    xray: Option<SpanContext>,
    id: Option<i64>,
    stopped: Option<SystemTime>,
    begun: Option<Arc<Begun>>,
}

/// The part of a span that the handlers of the request use.
struct Begun {
    context: Context,
    /// Code of the JSON-RPC error in the response; 0 means none.
    code: AtomicI32,
}

impl RequestSpan {
    pub(super) fn new(
        tracing: Option<&Arc<Tracing>>,
        now: fn() -> SystemTime,
        ids: Option<&InvocationIds>,
    ) -> Self {
        Self(tracing.map(|tracing| {
            Box::new(Open {
                tracing: Arc::clone(tracing),
                now,
                arrived: now(),
                kind: SpanKind::Server,
                parent: None,
                xray: ids.and_then(|ids| xray_segment(ids.trace_id.as_deref()?)),
                id: None,
                stopped: None,
                begun: None,
            })
        }))
    }

    /// Records the parent that the headers name; the message takes precedence later.
    pub(crate) fn headers(&mut self, headers: &HeaderMap) {
        if let Some(open) = &mut self.0
            && open.tracing.propagators.caller
        {
            let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
            open.parent =
                text("traceparent").and_then(|parent| caller_span(parent, text("tracestate")));
        }
    }

    /// Begins with the parent that the message names.
    pub(crate) fn message(&mut self, message: &Message) {
        if let Some(open) = &mut self.0 {
            if open.tracing.propagators.caller
                && let Some(traceparent) = &message.traceparent
                && let Some(parent) = caller_span(traceparent, message.tracestate.as_deref())
            {
                open.parent = Some(parent);
            }
            // A number reveals nothing about a person. A string may be anything.
            if let Some(RequestId::Number(id)) = &message.id {
                open.id = Some(*id);
            }
            open.begin();
        }
    }

    /// Begins with a parent in the earlier invocation that sent this work item.
    pub(crate) fn work(&mut self, traceparent: Option<&str>) {
        if let Some(open) = &mut self.0 {
            open.kind = SpanKind::Consumer;
            open.parent = traceparent.and_then(|parent| caller_span(parent, None));
            open.begin();
        }
    }

    /// The context that makes other spans children of this one.
    pub(crate) fn ambient(&self) -> Ambient {
        Ambient(self.0.as_ref().and_then(|open| open.begun.clone()))
    }

    /// The trace that it is in, whether it is recorded or not.
    pub(crate) fn trace_id(&mut self) -> Option<String> {
        let open = self.0.as_mut()?;
        let begun = open.begin();
        Some(begun.context.span().span_context().trace_id().to_string())
    }

    /// Records the end time; attributes may follow.
    pub(crate) fn stop(&mut self) {
        if let Some(open) = &mut self.0 {
            open.stopped = Some((open.now)());
        }
    }

    /// Ends with the attributes from the log line.
    pub(crate) fn end(&mut self, line: &Line<'_>) {
        let Some(mut open) = self.0.take() else {
            return;
        };
        let begun = open.begin();
        let span = begun.context.span();
        if span.is_recording() {
            span.update_name(match (line.method, line.tool) {
                (Some(method), Some(tool)) => Cow::Owned(format!("{method} {tool}")),
                (Some(method), None) => Cow::Borrowed(method),
                // The request was refused before it was parsed.
                (None, _) => Cow::Borrowed("request"),
            });
            let code = Some(begun.code.load(Ordering::Relaxed)).filter(|code| *code != 0);
            span.set_attributes(attributes(line, open.id, code));
            if is_failure(line.outcome) {
                // No description: the message of an error may contain a caller's data.
                span.set_status(Status::error(""));
            }
        }
        span.end_with_timestamp(open.stopped.unwrap_or_else(open.now));
    }
}

impl Open {
    fn begin(&mut self) -> Arc<Begun> {
        if let Some(begun) = &self.begun {
            return Arc::clone(begun);
        }
        let continues_xray = self.parent.is_none() && self.tracing.propagators.xray;
        let (parent, link) = match (&self.parent, self.xray.take()) {
            (None, Some(xray)) if continues_xray => (Some(xray), None),
            (parent, xray) => (parent.clone(), xray),
        };
        let context = Context::new();
        let context = match parent {
            Some(parent) => context.with_remote_span_context(parent),
            None => context,
        };
        let builder = SpanBuilder::from_name("request")
            .with_kind(self.kind.clone())
            .with_start_time(self.arrived)
            .with_links(link.into_iter().map(Link::with_context).collect());
        let tracer = &self.tracing.tracer;
        let span = tracer.build_with_context(builder, &context);
        let begun = Arc::new(Begun {
            // Children take the tracer from their parent's context.
            context: context.with_span(span).with_value(tracer.clone()),
            code: AtomicI32::new(0),
        });
        self.begun = Some(Arc::clone(&begun));
        begun
    }
}

fn is_failure(outcome: &str) -> bool {
    !matches!(outcome, "ok" | "task" | "cancelled")
}

/// Attributes by the semantic conventions for MCP, FaaS and HTTP, limited to values that may be logged.
fn attributes(line: &Line<'_>, id: Option<i64>, code: Option<i32>) -> Vec<KeyValue> {
    let owned = |key, text: &str| KeyValue::new(key, text.to_owned());
    let mut all = vec![
        KeyValue::new("network.protocol.name", "http"),
        KeyValue::new("network.transport", "tcp"),
        KeyValue::new("mcp_lambda.outcome", line.outcome),
    ];
    all.extend(
        line.method
            .map(|method| KeyValue::new("mcp.method.name", method)),
    );
    all.extend(line.tool.map(|tool| owned("gen_ai.tool.name", tool)));
    all.extend(
        line.tool
            .map(|_| KeyValue::new("gen_ai.operation.name", "execute_tool")),
    );
    all.extend(
        line.protocol_version
            .map(|version| KeyValue::new("mcp.protocol.version", version)),
    );
    all.extend(id.map(|id| KeyValue::new("jsonrpc.request.id", id.to_string())));
    all.extend(
        line.status
            .map(|status| KeyValue::new("http.response.status_code", i64::from(status))),
    );
    all.extend(code.map(|code| KeyValue::new("rpc.response.status_code", code.to_string())));
    if let Some(id) = line.request_id {
        all.push(owned("faas.invocation_id", id));
        let trigger = if line.status.is_some() {
            "http"
        } else {
            "other"
        };
        all.push(KeyValue::new("faas.trigger", trigger));
    }
    all.extend(
        line.cold_start
            .map(|is_cold| KeyValue::new("faas.coldstart", is_cold)),
    );
    let class = match (line.refusal, line.outcome, code, line.status) {
        (Some(refusal), ..) => Cow::Borrowed(refusal),
        (None, "toolError", ..) => Cow::Borrowed("tool_error"),
        (None, "error", Some(code), _) => Cow::Owned(code.to_string()),
        (None, "error", None, Some(status)) => Cow::Owned(status.to_string()),
        (None, "error", None, None) => Cow::Borrowed("_OTHER"),
        (None, ..) => return all,
    };
    all.push(KeyValue::new("error.type", class));
    all
}

/// The span of a request, for its handlers.
#[derive(Clone, Default)]
pub(crate) struct Ambient(Option<Arc<Begun>>);

impl Ambient {
    /// Makes the request's span the current one while the future runs.
    pub(crate) fn active<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        match &self.0 {
            None => Either::Left(future),
            Some(begun) => Either::Right(future.with_context(begun.context.clone())),
        }
    }

    /// The response is this JSON-RPC error.
    pub(crate) fn failed(&self, code: ErrorCode) {
        if let Some(begun) = &self.0 {
            begun.code.store(code.0, Ordering::Relaxed);
        }
    }
}

impl std::fmt::Debug for Ambient {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Ambient")
    }
}
