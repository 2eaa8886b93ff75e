//! Replaces `spans` without the feature `opentelemetry`: the same functions without effect. Callers need no `cfg`, and
//! the compiler removes all of it.

use http::HeaderMap;
use mcp_lambda_contract::{ServerInfo, Setting};
use rmcp::model::ErrorCode;

use crate::endpoint::message::Message;
use crate::runtime::deadline::Deadline;
use crate::runtime::invocation_ids::InvocationIds;
use crate::runtime::process::Process;
use crate::telemetry::line::Line;

/// A server cannot declare spans.
#[derive(Default)]
pub(crate) struct SpansDeclaration {}

impl SpansDeclaration {
    pub(crate) fn definitions(&self) -> Vec<Setting> {
        Vec::new()
    }

    pub(crate) fn start(&self, _server: &ServerInfo, _process: &Process) -> Spans {
        Spans
    }
}

pub(crate) struct Spans;

impl Spans {
    pub(crate) fn begin(
        &self,
        _start: fn() -> std::time::SystemTime,
        _ids: Option<&InvocationIds>,
    ) -> RequestSpan {
        RequestSpan
    }

    pub(crate) async fn flush(&self, _deadline: Deadline) {}

    pub(crate) fn flush_periodically(&self) {}
}

pub(crate) struct RequestSpan;

impl RequestSpan {
    pub(crate) fn headers(&mut self, _headers: &HeaderMap) {}

    pub(crate) fn message(&mut self, _message: &Message) {}

    pub(crate) fn work(&mut self, _traceparent: Option<&str>) {}

    pub(crate) fn ambient(&self) -> Ambient {
        Ambient
    }

    pub(crate) fn trace_id(&mut self) -> Option<String> {
        None
    }

    pub(crate) fn stop(&mut self) {}

    pub(crate) fn end(&mut self, _line: &Line<'_>) {}
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ambient;

impl Ambient {
    pub(crate) fn active<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        future
    }

    pub(crate) fn failed(&self, _code: ErrorCode) {}
}
