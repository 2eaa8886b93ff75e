//! The process that Lambda starts: its Runtime API, events, responses, log, clock and network.

pub(crate) mod aws;
#[cfg(feature = "dynamodb")]
pub(crate) mod aws_http;
pub(crate) mod deadline;
pub(crate) mod event;
pub(crate) mod event_headers;
pub(crate) mod https;
pub(crate) mod invocation_ids;
pub(crate) mod log;
pub(crate) mod process;
pub(crate) mod response;
pub(crate) mod runtime_api;
pub(crate) mod start_error;
pub(crate) mod timer;
pub(crate) mod url_event;
