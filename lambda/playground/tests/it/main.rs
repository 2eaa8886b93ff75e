//! The playground from outside: a browser, an authorization server, MCP servers, Bedrock and DynamoDB of this machine.
#![expect(
    clippy::disallowed_methods,
    reason = "tests start servers and read the clock"
)]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod apps;
mod faults;
mod isolation;
mod limits;
mod refused;
mod sign_in;
mod support;
mod turns;
