//! Replaces `client_span` without the feature `opentelemetry`: the same functions without effect, which the compiler
//! removes.

use std::borrow::Cow;

/// A call to another service, which no span records.
pub struct Call;

impl Call {
    /// Has no name.
    #[must_use]
    pub fn new(_name: impl Into<Cow<'static, str>>) -> Self {
        Self
    }

    /// Adds nothing.
    #[must_use]
    pub fn text(self, _key: &'static str, _value: impl Into<Cow<'static, str>>) -> Self {
        self
    }

    /// Adds nothing.
    #[must_use]
    pub fn number(self, _key: &'static str, _value: i64) -> Self {
        self
    }

    /// Makes the call.
    pub fn record<T, E, F: Future<Output = Result<T, E>>>(
        _describe: impl FnOnce() -> Self,
        call: F,
        _problem: impl FnOnce(&E) -> Option<Cow<'static, str>>,
    ) -> F {
        call
    }
}

/// There is no span.
#[must_use]
pub fn current_traceparent() -> Option<String> {
    None
}
