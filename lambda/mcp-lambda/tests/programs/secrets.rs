//! The server under test as a function: `it/secrets.rs` reads everything that its process says.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a program reads its environment and its clock, and the server under test panics when it is asked to"
)]

use std::time::SystemTime;

#[path = "../it/server.rs"]
mod server;

fn main() {
    let program = std::env::args_os().take(1);
    let process = mcp_lambda::Process::new(program, std::env::vars_os(), SystemTime::now);
    let definition = server::definition();
    #[cfg(feature = "opentelemetry")]
    let definition = definition.opentelemetry();
    let _ = mcp_lambda::run(process, definition);
}
