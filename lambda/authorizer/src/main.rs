//! The program of the Lambda authorizer: it calls [`mcp_lambda::run_authorizer`].

use std::process::ExitCode;
use std::time::SystemTime;

use mcp_lambda::Process;

#[expect(clippy::disallowed_methods, reason = "this is where the clock enters")]
fn main() -> ExitCode {
    mcp_lambda::run_authorizer(Process::new(
        std::env::args_os(),
        std::env::vars_os(),
        SystemTime::now,
    ))
}
