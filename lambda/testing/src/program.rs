use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

use mcp_lambda_testing::{Function, FunctionOptions, Gateway, GatewayOptions, Kills, LambdaApi};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::arguments::Arguments;

/// Serves until the process is told to end, then says what became of the function's processes.
pub(crate) async fn serve(arguments: Arguments) -> std::io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", arguments.port)).await?;
    let origin = format!("http://{}", listener.local_addr()?);
    let lambda_listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let lambda = format!("http://{}", lambda_listener.local_addr()?);
    let filled = |pairs: Vec<(String, String)>| -> BTreeMap<String, String> {
        let fill = |value: String| {
            value
                .replace("{origin}", &origin)
                .replace("{lambda}", &lambda)
        };
        pairs
            .into_iter()
            .map(|(name, value)| (name, fill(value)))
            .collect()
    };
    let function = Function::new(FunctionOptions {
        command: arguments.command,
        environment: filled(arguments.variables),
        handler: arguments.handler,
        timeout: Duration::from_millis(arguments.timeout_ms),
        transfer_mode: arguments.transfer_mode,
        kills: arguments.kill_probability.map(|probability| Kills {
            probability,
            seed: arguments.kill_seed,
        }),
    });
    let options = if arguments.function_url {
        GatewayOptions::FunctionUrl
    } else {
        GatewayOptions::RestApi {
            path: arguments.path,
            claims: filled(arguments.claims),
        }
    };
    let gateway = Gateway::new(function.clone(), options);
    let lambda_api = LambdaApi::new(function.clone(), arguments.deliver_twice);
    writeln!(std::io::stdout(), "{origin}")?;

    let (mut terminate, mut interrupt) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    let served = tokio::select! {
        served = gateway.serve(listener) => served,
        served = lambda_api.serve(lambda_listener) => served,
        _ = terminate.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
    };
    let (started, killed) = (function.processes_started(), function.processes_killed());
    writeln!(
        std::io::stdout(),
        "{started} processes started, {killed} killed at random"
    )?;
    served
}
