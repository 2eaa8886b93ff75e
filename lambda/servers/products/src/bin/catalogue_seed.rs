//! The function that CloudFormation runs to fill the catalogue's table.

use std::process::ExitCode;
use std::time::SystemTime;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use mcp_lambda::{AwsEnvironment, Process};
use products::seed::{Event, handle};

const TABLE: &str = "CATALOGUE_TABLE";

#[expect(
    clippy::disallowed_methods,
    reason = "this is where environment and clock enter"
)]
fn main() -> ExitCode {
    let process = Process::new(std::env::args_os(), std::env::vars_os(), SystemTime::now);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let ended = match runtime {
        Ok(runtime) => runtime.block_on(serve(&process)),
        Err(cause) => Err(cause.into()),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            process
                .log
                .error(&problem.to_string(), &serde_json::json!({}));
            ExitCode::FAILURE
        }
    }
}

async fn serve(process: &Process) -> Result<(), Error> {
    let client = AwsEnvironment::new(process).dynamodb()?;
    let table = process
        .variable(TABLE)
        .ok_or_else(|| format!("environment variables cannot be used: {TABLE} not set"))?;
    lambda_runtime::run(service_fn(|event: LambdaEvent<Event>| {
        let client = client.clone();
        async move {
            handle(&event.payload, &client, table)
                .await
                .map_err(Error::from)
        }
    }))
    .await
}
