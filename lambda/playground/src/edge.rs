//! The two ways in: the Lambda Runtime API with streamed responses, and plain HTTP on this machine.

mod function;
mod listener;

use std::process::ExitCode;

use mcp_lambda_runtime::process::Process;
use mcp_lambda_runtime::program;
use mcp_lambda_runtime::runtime_api::RuntimeApi;
use mcp_lambda_runtime::start_error::StartError;

use crate::playground::Playground;

pub use listener::serve as serve_http;

/// Serves until the process ends.
pub fn run(process: Process) -> ExitCode {
    program::run(&process.log, try_run(&process))
}

async fn try_run(process: &Process) -> Result<(), StartError> {
    match process.runtime_api() {
        Some(address) => {
            let api = RuntimeApi::new(address)?;
            let playground = api.started(Playground::new(process)).await?;
            function::serve(api, playground).await
        }
        None => {
            let playground = Playground::new(process)?;
            let listener = listener::listen(&playground).await?;
            listener::serve(listener, playground).await
        }
    }
}
