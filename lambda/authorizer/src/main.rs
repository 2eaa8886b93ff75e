//! The program of the Lambda authorizer: reads arguments, environment and clock, and calls the library.

use std::process::ExitCode;
use std::time::SystemTime;

use mcp_lambda_runtime::process::Process;

#[expect(clippy::disallowed_methods, reason = "this is where the clock enters")]
fn main() -> ExitCode {
    mcp_lambda_authorizer::run(Process::new(
        std::env::args_os(),
        std::env::vars_os(),
        SystemTime::now,
    ))
}
