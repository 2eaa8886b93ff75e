//! The library from outside: the real loop against a stand-in of the Lambda Runtime API, and the plain HTTP mode.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

mod arguments;
#[cfg(feature = "dynamodb")]
mod asking_cache;
mod authorization;
#[cfg(feature = "dynamodb")]
mod conversation;
#[cfg(feature = "dynamodb")]
mod dynamodb;
#[cfg(feature = "dynamodb")]
mod endings;
mod event_source;
mod function_url;
mod guards;
mod issuer;
#[cfg(feature = "dynamodb")]
mod keeper;
mod limits;
mod lists;
#[cfg(feature = "opentelemetry")]
mod opentelemetry;
mod params;
mod plain_http;
mod programs;
mod protocol;
#[cfg(feature = "dynamodb")]
mod result_cache;
#[cfg(feature = "dynamodb")]
mod resumption;
mod secrets;
mod server;
#[cfg(feature = "dynamodb")]
mod session_faults;
#[cfg(feature = "dynamodb")]
mod sessions;
mod startup;
#[cfg(feature = "dynamodb")]
mod tasks;
mod telemetry;
mod tokens;
mod wire;
