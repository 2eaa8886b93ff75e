//! The playground's function: reads arguments, environment and clock, and calls the library.

use std::{process::ExitCode, time::SystemTime};

use mcp_lambda_runtime::process::Process;

#[expect(clippy::disallowed_methods, reason = "this is where the clock enters")]
fn main() -> ExitCode {
    mcp_lambda_playground::edge::run(Process::new(
        std::env::args_os(),
        std::env::vars_os(),
        SystemTime::now,
    ))
}
