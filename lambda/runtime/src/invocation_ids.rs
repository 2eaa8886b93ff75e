//! Identifies an invocation in logs and traces.

/// The identifiers by which an operator finds an invocation.
#[derive(Clone, Debug)]
pub struct InvocationIds {
    /// Lambda's request id.
    pub request_id: String,
    /// AWS X-Ray's, when the platform traces.
    pub trace_id: Option<String>,
}
