//! `mcp-lambda token`: an access token for a program that calls the local stack.

use std::path::PathBuf;

use clap::Args;

use crate::dev::environment::Environment;
use crate::dev::error::StackError;
use crate::dev::paths::Paths;
use crate::dev::stack::{command, step};

pub(super) const EXAMPLES: &str = "Example:
  curl http://127.0.0.1:3030/mcp -H \"Authorization: Bearer $(mcp-lambda token)\" …";

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Port of the MCP endpoint of the running stack
    #[arg(long, default_value_t = 3030, value_parser = clap::value_parser!(u16).range(1024..))]
    port: u16,

    /// The project's root directory
    #[arg(long, default_value = ".", hide = true)]
    root: PathBuf,
}

/// Returns an access token of the machine client of the running stack.
pub(super) async fn run(
    options: &Options,
    environment: &Environment,
) -> Result<String, StackError> {
    let root = std::fs::canonicalize(&options.root).map_err(StackError::file(&options.root))?;
    let paths = [Paths::below, Paths::of_one_run]
        .map(|paths| paths(&root, options.port, environment.clone()))
        .into_iter()
        .find(|paths| paths.outputs().exists())
        .ok_or(StackError::NotStarted { port: options.port })?;
    let fix = "start the stack with `npm start` in another terminal and try again";
    let mut ask = command(paths.python(), &paths);
    ask.arg(paths.emulator("machine_token.py"))
        .arg("--outputs")
        .arg(paths.outputs());
    let token = step("asking for a machine token", fix, &mut ask).await?;
    Ok(String::from_utf8_lossy(&token).trim_end().to_owned())
}
