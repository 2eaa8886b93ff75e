//! The authorization server's function: reads environment and clock, and calls the library.

use std::{process::ExitCode, time::SystemTime};

use mcp_lambda_authorization::{Settings, edge};

// One of the two places where environment and clock may be read.
#[allow(clippy::disallowed_methods, clippy::print_stderr)]
fn main() -> ExitCode {
    let on_lambda = std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_some();
    let settings = match Settings::from_variables(std::env::vars()) {
        Ok(settings) => settings,
        Err(problems) => {
            eprintln!("{problems}");
            return ExitCode::FAILURE;
        }
    };
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
    match runtime.block_on(edge::run(settings, on_lambda, SystemTime::now)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the authorization server cannot run: {error}");
            ExitCode::FAILURE
        }
    }
}
