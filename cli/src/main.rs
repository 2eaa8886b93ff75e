//! The program `mcp-lambda`.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use mcp_lambda_cli::commands::{CommandLine, run};

#[tokio::main]
async fn main() -> ExitCode {
    match run(CommandLine::parse(), std::env::vars_os()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // A failure to write to standard error cannot be reported.
            let _ = writeln!(std::io::stderr(), "\nerror: {error}");
            ExitCode::FAILURE
        }
    }
}
