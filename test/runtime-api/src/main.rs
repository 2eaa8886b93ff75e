//! `runtime-api [OPTIONS] -- PROGRAM…`: API Gateway and Lambda for one function binary, on loopback.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use runtime_api::{Function, FunctionOptions, Gateway, GatewayOptions, Kills, TransferMode};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// API Gateway (a REST API) and Lambda for one function binary, on loopback.
///
/// Prints the origin that it listens on as its first line. `{origin}` in a claim or a variable stands for it.
#[derive(Parser)]
#[command(name = "runtime-api")]
struct Arguments {
    /// Port to listen on; 0 for any free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// The one path that reaches the function.
    #[arg(long, default_value = "/mcp")]
    path: String,
    /// A claim of the caller, as the authorizer leaves it in the event.
    #[arg(long = "claim", value_name = "NAME=VALUE", value_parser = pair)]
    claims: Vec<(String, String)>,
    /// A variable of the function's environment, which is empty otherwise.
    #[arg(long = "env", value_name = "NAME=VALUE", value_parser = pair)]
    variables: Vec<(String, String)>,
    /// `_HANDLER`, for managed runtimes.
    #[arg(long, default_value = "bootstrap")]
    handler: String,
    /// The integration's response transfer mode.
    #[arg(long, value_enum, default_value_t = TransferMode::Stream)]
    transfer_mode: TransferMode,
    /// The function's timeout, in milliseconds.
    #[arg(long, default_value_t = 30_000)]
    timeout_ms: u64,
    /// Ends each idle process with this probability (0 to 1) before each invocation.
    #[arg(long, value_parser = probability)]
    kill_probability: Option<f64>,
    /// Decides which processes are ended.
    #[arg(long, default_value_t = 0)]
    kill_seed: u64,
    /// The function's program and its arguments.
    #[arg(last = true, required = true)]
    command: Vec<String>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once('=')
        .ok_or_else(|| format!("write NAME=VALUE, not {text:?}"))?;
    Ok((name.to_owned(), value.to_owned()))
}

fn probability(text: &str) -> Result<f64, String> {
    let number: f64 = text
        .parse()
        .map_err(|_| format!("write a number from 0 to 1, not {text:?}"))?;
    if (0.0..=1.0).contains(&number) {
        Ok(number)
    } else {
        Err(format!("write a number from 0 to 1, not {text:?}"))
    }
}

fn main() -> ExitCode {
    let served = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .and_then(|runtime| runtime.block_on(serve(Arguments::parse())));
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "runtime-api: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(arguments: Arguments) -> std::io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", arguments.port)).await?;
    let origin = format!("http://{}", listener.local_addr()?);
    let filled = |pairs: Vec<(String, String)>| -> BTreeMap<String, String> {
        pairs
            .into_iter()
            .map(|(name, value)| (name, value.replace("{origin}", &origin)))
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
    let options = GatewayOptions {
        path: arguments.path,
        claims: filled(arguments.claims),
    };
    let gateway = Gateway::new(function.clone(), options);
    writeln!(std::io::stdout(), "{origin}")?;

    let (mut terminate, mut interrupt) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    let served = tokio::select! {
        served = gateway.serve(listener) => served,
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
