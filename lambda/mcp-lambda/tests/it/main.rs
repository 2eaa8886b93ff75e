//! The library from outside: the real loop against a stand-in of the Lambda Runtime API, and the plain HTTP mode.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

mod apps;
mod arguments;
#[cfg(feature = "state")]
mod asking_cache;
#[cfg(feature = "audit")]
mod audit;
mod authorization;
#[cfg(feature = "state")]
mod caller_limits;
#[cfg(feature = "state")]
mod conversation;
#[cfg(feature = "state")]
mod dynamodb;
#[cfg(feature = "state")]
mod endings;
mod event_source;
mod function_url;
mod guards;
#[cfg(all(feature = "state", unix))]
mod http_service;
mod issuer;
#[cfg(feature = "state")]
mod keeper;
mod limits;
mod lists;
mod offered;
#[cfg(feature = "opentelemetry")]
mod opentelemetry;
mod params;
#[cfg(feature = "state")]
mod person_state;
mod plain_http;
mod programs;
mod protocol;
#[cfg(feature = "state")]
mod result_cache;
#[cfg(feature = "state")]
mod resumption;
mod secrets;
mod server;
#[cfg(feature = "state")]
mod session_faults;
#[cfg(feature = "state")]
mod sessions;
mod smallest;
mod startup;
#[cfg(feature = "state")]
mod tasks;
mod telemetry;
mod tokens;
mod tool_functions;
mod tools_api;
#[cfg(feature = "state")]
mod tools_api_cache;
mod wire;
