//! The command-line tool: reads its arguments, runs one command, prints the result.

use std::process::ExitCode;

use clap::Parser;
use mcp_lambda_authorization::administration::{Command, cognito, run};

// Standard output is the product of this program.
#[allow(clippy::print_stdout, clippy::print_stderr)]
fn main() -> ExitCode {
    let command = Command::parse();
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("the asynchronous runtime cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(async { run(command, &cognito().await).await }) {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}
