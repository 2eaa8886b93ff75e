//! The program `mcp-lambda`.

use std::io::Write;
use std::process::ExitCode;
use std::time::SystemTime;

use mcp_lambda_cli::commands::{parse, run};

#[expect(clippy::disallowed_methods, reason = "this is where the clock enters")]
#[tokio::main]
async fn main() -> ExitCode {
    match run(
        parse(std::env::args_os()),
        std::env::vars_os(),
        SystemTime::now,
    )
    .await
    {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // A failure to write to standard error cannot be reported.
            let _ = writeln!(std::io::stderr(), "\nerror: {}", error.message());
            ExitCode::from(error.exit_status())
        }
    }
}
