//! The entry point [`run`]: prints the contract, serves Lambda invocations, or serves plain HTTP.

use std::io::Write;
use std::process::ExitCode;

use mcp_lambda_contract::Settings;
use rmcp::ServerHandler;

use crate::definition::Definition;
use crate::runtime::process::Process;
use crate::runtime::program;
use crate::runtime::runtime_api::RuntimeApi;
use crate::runtime::start_error::StartError;
use crate::{http_service::listener, lambda};

/// Runs the server until the process ends.
///
/// - With the argument `contract` it prints the contract (JSON) and ends.
/// - With `AWS_LAMBDA_RUNTIME_API` in the environment it handles the function's invocations: events of an API Gateway
///   REST proxy integration, whose Cognito authorizer has verified the caller.
/// - Otherwise it is a plain HTTP server on `MCP_LISTEN` that verifies access tokens itself.
///
/// Everything runs on one thread, so a tool must not block it: long computations belong on a thread of their own, and
/// waiting belongs in `.await`. A blocking tool cannot be stopped at its deadline.
///
/// A panic is logged with its source location and without its message, which may contain a caller's data, unless the
/// log goes elsewhere than to the standard error stream ([`Process::with_log`]).
///
/// Every problem that prevents its start is logged and, on Lambda, reported to Lambda, and ends the process with status
/// 1.
pub fn run<S: ServerHandler, C: Settings>(
    process: Process,
    definition: Definition<S, C>,
) -> ExitCode {
    let log = process.log.clone();
    program::run(&log, try_run(process, definition))
}

async fn try_run<S: ServerHandler, C: Settings>(
    process: Process,
    definition: Definition<S, C>,
) -> Result<(), StartError> {
    match process.arguments.as_slice() {
        [] => {}
        [command] if command == "contract" => return print_contract(&definition),
        [argument, ..] => return Err(StartError::Argument(argument.clone())),
    }
    match process.runtime_api() {
        Some(address) => {
            let api = RuntimeApi::new(address)?;
            let built = api.started(definition.build(&process)).await?;
            lambda::serve(api, built, process).await
        }
        None => listener::serve(definition.build(&process)?, &process).await,
    }
}

fn print_contract<S: ServerHandler, C: Settings>(
    definition: &Definition<S, C>,
) -> Result<(), StartError> {
    let contract = definition.contract()?;
    let text = contract
        .to_json()
        .map_err(|error| StartError::System(error.into()))?;
    std::io::stdout()
        .write_all(text.as_bytes())
        .map_err(StartError::System)
}
