//! The server that the official MCP conformance suite drives, as a Lambda function. For tests only.

use std::process::ExitCode;
use std::time::SystemTime;

use mcp_lambda::Process;

mod changes;
mod client_requests;
mod content;
mod input_required;
mod jobs;
mod prompts;
mod reporting;
mod resources;
mod schemas;
mod server;
mod settings;
mod shared_state;

#[expect(
    clippy::disallowed_methods,
    reason = "`main` is where the clock is read"
)]
fn main() -> ExitCode {
    mcp_lambda::run(
        Process::new(std::env::args_os(), std::env::vars_os(), SystemTime::now),
        server::definition(SystemTime::now),
    )
}
