//! `mcp-lambda-cli`: the program behind `npm start`.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use mcp_lambda_cli::{Options, run};

#[tokio::main]
async fn main() -> ExitCode {
    match run(Options::parse(), std::env::vars_os()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // A failure to write to standard error cannot be reported.
            let _ = writeln!(std::io::stderr(), "\nerror: {failure}");
            ExitCode::FAILURE
        }
    }
}
