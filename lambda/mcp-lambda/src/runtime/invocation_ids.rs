//! What names an invocation in logs and traces.

/// What an operator finds an invocation by.
#[derive(Clone, Debug)]
pub(crate) struct InvocationIds {
    pub(crate) request_id: String,
    /// AWS X-Ray's, when the platform traces.
    pub(crate) trace_id: Option<String>,
}
