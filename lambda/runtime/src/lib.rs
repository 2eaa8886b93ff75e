//! The process that Lambda starts: its Runtime API, events, responses, log, clock and network.
//!
//! Shared by the programs of this library. A server's author uses `mcp-lambda`, which exports what a server needs of it.

#[cfg(feature = "rmcp")]
mod argument;
pub mod aws;
#[cfg(feature = "aws-sdk")]
mod aws_http;
#[cfg(feature = "opentelemetry")]
pub mod client_span;
#[cfg(not(feature = "opentelemetry"))]
#[path = "no_client_span.rs"]
pub mod client_span;
pub mod deadline;
#[cfg(feature = "dynamodb")]
mod dynamodb;
pub mod event;
mod event_headers;
pub mod https;
pub mod https_request;
pub mod invocation_ids;
pub mod log;
#[cfg(feature = "logs")]
pub mod log_stream;
pub mod process;
pub mod program;
pub mod public_address;
pub mod response;
pub mod runtime_api;
#[cfg(feature = "aws-sdk")]
mod sdk_config;
pub mod shutdown;
#[cfg(feature = "sigv4")]
pub mod signing;
pub mod start_error;
#[cfg(feature = "aws-sdk")]
mod task_credentials;
pub mod timer;
