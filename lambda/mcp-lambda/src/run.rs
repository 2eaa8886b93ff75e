//! The entry point [`run`]: prints the contract, serves Lambda invocations, or serves plain HTTP.

use std::io::Write;
use std::process::ExitCode;
use std::time::SystemTime;

use mcp_lambda_contract::{Settings, Tool, ToolsApiAccess, openapi};
use rmcp::ServerHandler;

use crate::definition::Definition;
use crate::runtime::process::Process;
use crate::runtime::program::{self, Program};
use crate::runtime::runtime_api::RuntimeApi;
use crate::runtime::start_error::StartError;
use crate::{http_service::listener, lambda};

impl<S: ServerHandler, C: Settings> Definition<S, C> {
    /// Runs the server until the process ends; see [`run`]. The arguments, the environment and the clock are those of the
    /// process.
    #[expect(
        clippy::disallowed_methods,
        reason = "the entry point: this is where the environment and the clock enter"
    )]
    pub fn run(self) -> ExitCode {
        let process = Process::new(std::env::args_os(), std::env::vars_os(), SystemTime::now);
        run(process, self)
    }
}

/// Runs the server until the process ends.
///
/// - With the argument `contract` it prints the contract (JSON) and ends; with `openapi` the OpenAPI document of its tools
///   as plain REST.
/// - With `AWS_LAMBDA_RUNTIME_API` in the environment it handles the function's invocations: events of an API Gateway
///   REST proxy integration, whose Cognito authorizer has verified the caller.
/// - Otherwise it is a plain HTTP server on `MCP_LISTEN` that verifies access tokens itself, with a thread for each CPU
///   (`MCP_HTTP_THREADS`). SIGTERM ends it after its running calls.
///
/// On Lambda everything runs on one thread, and in plain HTTP mode each connection stays on one, so a tool must not block
/// it: long computations belong on a thread of their own, and waiting belongs in `.await`. A blocking tool cannot be
/// stopped at its deadline.
///
/// A panic is logged with its source location and its message, unless the log goes elsewhere than to the standard error
/// stream ([`Process::with_log`]); its caller gets neither.
///
/// Every problem that prevents its start is logged and, on Lambda, reported to Lambda, and ends the process with status
/// 1.
pub fn run<S: ServerHandler, C: Settings>(
    process: Process,
    definition: Definition<S, C>,
) -> ExitCode {
    let log = process.log.clone();
    program::run(&log, async {
        log.take_panics_with_messages();
        try_run(process, definition).await
    })
}

impl<S: ServerHandler, C: Settings> Program for Definition<S, C> {
    fn run_in(self, process: Process) -> ExitCode {
        run(process, self)
    }
}

async fn try_run<S: ServerHandler, C: Settings>(
    process: Process,
    definition: Definition<S, C>,
) -> Result<(), StartError> {
    match process.arguments.as_slice() {
        [] => {}
        [command] if command == "contract" => return print_contract(&definition),
        [command] if command == "openapi" => return print_openapi(&definition),
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
    print(&text)
}

/// Of every tool, for a base URL that is not known yet, with both kinds of credentials.
fn print_openapi<S: ServerHandler, C: Settings>(
    definition: &Definition<S, C>,
) -> Result<(), StartError> {
    let contract = definition.contract()?;
    let tools: Vec<&Tool> = contract.tools.iter().collect();
    let access = ToolsApiAccess {
        url: None,
        resource: None,
        takes_keys: true,
        takes_access_tokens: true,
    };
    let document = openapi(&contract.server, &tools, access);
    let text = serde_json::to_string_pretty(&document)
        .map_err(|error| StartError::System(error.into()))?;
    print(&(text + "\n"))
}

fn print(text: &str) -> Result<(), StartError> {
    std::io::stdout()
        .write_all(text.as_bytes())
        .map_err(StartError::System)
}
