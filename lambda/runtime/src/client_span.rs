//! Records client spans of calls to other services.

use std::borrow::Cow;

use opentelemetry::context::FutureExt as _;
use opentelemetry::trace::{SpanBuilder, SpanKind, Status, TraceContextExt, Tracer};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::SdkTracer;

/// A call to another service, as a child of the current span of this library: a client span that ends with the call,
/// also when the call is dropped. Without a recorded parent span, only the call happens.
pub struct Call {
    /// The name of the span.
    pub name: Cow<'static, str>,
    /// The attributes of the span.
    pub attributes: Vec<KeyValue>,
}

impl Call {
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
