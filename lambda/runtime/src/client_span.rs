//! Records client spans of calls to other services.

use std::borrow::Cow;

use opentelemetry::context::FutureExt as _;
use opentelemetry::trace::{
    SpanBuilder, SpanContext, SpanKind, Status, TraceContextExt as _, Tracer as _,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::SdkTracer;

/// A call to another service, as a child of the current span of this library: a client span that ends with the call,
/// also when the call is dropped. Without a recorded parent span, only the call happens.
pub struct Call {
    name: Cow<'static, str>,
    attributes: Vec<KeyValue>,
}

impl Call {
    /// A call whose span has this name.
    #[must_use]
    pub fn new(name: impl Into<Cow<'static, str>>) -> Self {
        Self {
            name: name.into(),
            attributes: Vec::new(),
        }
    }

    /// Adds an attribute that is a string.
    #[must_use]
    pub fn text(mut self, key: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        self.attributes.push(KeyValue::new(key, value.into()));
        self
    }

    /// Adds an attribute that is a number.
    #[must_use]
    pub fn number(mut self, key: &'static str, value: i64) -> Self {
        self.attributes.push(KeyValue::new(key, value));
        self
    }

    /// Makes the call.
    ///
    /// `describe` and `problem` are called only when the call is recorded; a problem is a bounded name for
    /// `error.type`, and `None` is an expected failure.
    ///
    /// # Errors
    ///
    /// Those of the call.
    pub async fn record<T, E>(
        describe: impl FnOnce() -> Self,
        call: impl Future<Output = Result<T, E>>,
        problem: impl FnOnce(&E) -> Option<Cow<'static, str>>,
    ) -> Result<T, E> {
        let current = Context::current();
        let Some(tracer) = current.get::<SdkTracer>() else {
            return call.await;
        };
        if !current.span().span_context().is_sampled() {
            return call.await;
        }
        let Self { name, attributes } = describe();
        let builder = SpanBuilder::from_name(name)
            .with_kind(SpanKind::Client)
            .with_attributes(attributes);
        let context = current.with_span(tracer.build_with_context(builder, &current));
        let result = call.with_context(context.clone()).await;
        if let Some(problem) = result.as_ref().err().and_then(problem) {
            context
                .span()
                .set_attribute(KeyValue::new("error.type", problem));
            context.span().set_status(Status::error(""));
        }
        context.span().end();
        result
    }
}

/// The `traceparent` of the current span, for work that continues in another process.
#[must_use]
pub fn current_traceparent() -> Option<String> {
    traceparent(Context::current().span().span_context())
}

/// The `traceparent` of a span (W3C Trace Context).
#[must_use]
pub fn traceparent(span: &SpanContext) -> Option<String> {
    span.is_valid().then(|| {
        format!(
            "00-{}-{}-{:02x}",
            span.trace_id(),
            span.span_id(),
            span.trace_flags().to_u8() & 1
        )
    })
}
