//! The toolbox server: `toolbox` serves, `toolbox contract` prints the contract.

use std::process::ExitCode;
use std::time::SystemTime;

use mcp_lambda::Process;

#[expect(clippy::disallowed_methods, reason = "this is where the clock enters")]
fn main() -> ExitCode {
    let process = Process::new(std::env::args_os(), std::env::vars_os(), SystemTime::now);
    mcp_lambda::run(process, toolbox::definition())
}
