//! The Lambda authorizer from outside, with a server behind it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

// The imitation of Lambda, the issuer and the server are those of the tests of `mcp-lambda`.
#[path = "../../../mcp-lambda/tests/it/event_source.rs"]
#[allow(dead_code, reason = "the tests here use a part of it")]
mod event_source;
#[path = "../../../mcp-lambda/tests/it/issuer.rs"]
#[allow(dead_code, reason = "the tests here use a part of it")]
mod issuer;
mod lambda_authorizer;
#[path = "../../../mcp-lambda/tests/it/server.rs"]
#[allow(dead_code, reason = "the tests here use a part of it")]
mod server;
#[path = "../../../mcp-lambda/tests/it/wire.rs"]
#[allow(dead_code, reason = "the tests here use a part of it")]
mod wire;
