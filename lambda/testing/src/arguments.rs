use clap::Parser;
use mcp_lambda_testing::TransferMode;

/// API Gateway (a REST API) and Lambda for one function binary, on loopback.
///
/// Prints the origin that it listens on as its first line. `{origin}` in a claim or a variable stands for it, `{lambda}` for
/// where the function can invoke itself asynchronously.
#[derive(Parser)]
#[command(name = "runtime-api")]
pub(crate) struct Arguments {
    /// Port to listen on; 0 for any free one.
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
    /// Be a function URL instead of a REST API; its path and claims are not used then.
    #[arg(long, conflicts_with = "claims")]
    pub(crate) function_url: bool,
    /// The one path that reaches the function.
    #[arg(long, default_value = "/mcp")]
    pub(crate) path: String,
    /// A claim of the caller, as the authorizer leaves it in the event.
    #[arg(long = "claim", value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) claims: Vec<(String, String)>,
    /// A variable of the function's environment, which is empty otherwise.
    #[arg(long = "env", value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) variables: Vec<(String, String)>,
    /// `_HANDLER`, for managed runtimes.
    #[arg(long, default_value = "bootstrap")]
    pub(crate) handler: String,
    /// The integration's response transfer mode.
    #[arg(long, value_enum, default_value_t = TransferMode::Stream)]
    pub(crate) transfer_mode: TransferMode,
    /// The function's timeout, in milliseconds.
    #[arg(long, default_value_t = 30_000)]
    pub(crate) timeout_ms: u64,
    /// Ends each idle process with this probability (0 to 1) before each invocation.
    #[arg(long, value_parser = probability)]
    pub(crate) kill_probability: Option<f64>,
    /// Decides which processes are ended.
    #[arg(long, default_value_t = 0)]
    pub(crate) kill_seed: u64,
    /// Delivers every asynchronous invocation twice, as Lambda may.
    #[arg(long)]
    pub(crate) deliver_twice: bool,
    /// The function's program and its arguments.
    #[arg(last = true, required = true)]
    pub(crate) command: Vec<String>,
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
