//! `mcp-lambda dev`: the CDK app of a folder on this machine.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
use url::Url;

use super::chat::KEY_VARIABLE;
use crate::dev::app::CdkApp;
use crate::dev::converse::LocalModel;
use crate::dev::environment::Environment;
use crate::dev::error::StackError;
use crate::dev::paths::{Paths, STATE_DIRECTORY};
use crate::dev::ports::bind_first;
use crate::dev::programs::BuildOptions;
use crate::dev::session::{self, SessionOptions};
use crate::variables::Variables;

pub(super) const EXAMPLES: &str = "Examples:
  mcp-lambda dev                        the app of cdk.json in this folder
  mcp-lambda dev --port 4030 --reset    on the ports from 4030 on, without earlier users and data
  mcp-lambda dev -c stage=test --with \"node mock-api.mjs\"
                                        with a value of the app's context, and a program beside it
  mcp-lambda dev --model-endpoint http://127.0.0.1:11434/v1 --model qwen3
                                        with a model of Ollama in the playgrounds of the app
  mcp-lambda dev --port 0 --no-watch --outputs-file outputs.json
                                        on free ports, for a test that reads the file";

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Port of the first MCP server or host, or 0 for free ports
    ///
    /// The next two ports are used as well, for the sign-in pages and the AWS endpoint, those after them by the programs of
    /// `--with`, and from ten above on by further servers, hosts and playgrounds. Users and data are kept for each port. With 0, free
    /// ports are used and nothing is kept.
    #[arg(long, default_value_t = 3030, value_parser = first_port)]
    port: u16,

    /// Command that synthesizes the app, instead of the one in cdk.json
    #[arg(long, short, value_name = "COMMAND")]
    app: Option<String>,

    /// Value of the app's context, as of the CDK's command line; may be repeated
    #[arg(long, short, value_name = "KEY=VALUE", value_parser = pair)]
    context: Vec<(String, String)>,

    /// Command that runs beside the app and ends with it; may be repeated
    ///
    /// It gets a free port as PORT. The app finds its origin in the context, in `with` of `mcp-lambda:local`.
    #[arg(long, value_name = "COMMAND")]
    with: Vec<String>,

    /// Base URL of an endpoint that is compatible with OpenAI, for playgrounds; its key is read from MCP_LAMBDA_MODEL_KEY
    /// [default: the offline planner, which is no language model]
    #[arg(long, value_name = "URL", requires = "model")]
    model_endpoint: Option<Url>,

    /// Model of --model-endpoint, whichever model a person chooses
    #[arg(long, value_name = "NAME", requires = "model_endpoint")]
    model: Option<String>,

    /// Build the servers with cargo's release profile
    #[arg(long)]
    release: bool,

    /// Do not bring up to date what changes
    #[arg(long)]
    no_watch: bool,

    /// Write the outputs as JSON to this file once everything is ready
    #[arg(long, value_name = "FILE")]
    outputs_file: Option<PathBuf>,

    /// Forget users and data of earlier runs on this port
    #[arg(long)]
    reset: bool,

    /// Print nothing but the final block and errors
    #[arg(long)]
    quiet: bool,

    /// Print each line of the log as JSON
    #[arg(long)]
    json: bool,

    /// The project's root directory
    #[arg(long, default_value = ".", hide = true)]
    root: PathBuf,

    /// The directory of the state below it
    #[arg(long, env = "MCP_LAMBDA_STATE_DIRECTORY", default_value = STATE_DIRECTORY, hide = true)]
    state_directory: String,

    /// The checkout of this repository, where the command's own programs are built
    #[arg(long, hide = true)]
    checkout: Option<PathBuf>,
}

/// A port that others can follow, or 0.
fn first_port(value: &str) -> Result<u16, &'static str> {
    match value.parse() {
        Ok(port @ (0 | 1024..=65500)) => Ok(port),
        _ => Err("choose 0 (any free port) or a port between 1024 and 65500"),
    }
}

fn pair(value: &str) -> Result<(String, String), &'static str> {
    match value.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("give a key and a value, such as stage=test"),
    }
}

impl Options {
    fn local_model(&self, variables: &Variables) -> LocalModel {
        match (&self.model_endpoint, &self.model) {
            (Some(url), Some(model)) => LocalModel::Endpoint {
                url: url.clone(),
                model: model.clone(),
                key: variables.string(KEY_VARIABLE),
            },
            _ => LocalModel::Planner,
        }
    }
}

/// Runs the app until a signal ends it (which is no failure) or a part of it ends by itself (which is one); no child is left
/// either way.
pub(super) async fn run(
    options: &Options,
    variables: &Variables,
    environment: Environment,
) -> Result<(), StackError> {
    let ended = termination(std::os::unix::process::parent_id());
    let root = std::fs::canonicalize(&options.root).map_err(StackError::file(&options.root))?;
    let app = CdkApp::read(&root, options.app.as_deref(), &options.context)?;
    let (listeners, ports) = bind_first(options.port).await?;
    let paths = if ports.free {
        let paths = Paths::of_one_run(&root, &options.state_directory, ports.edge, environment);
        paths.forget_killed_runs();
        paths.forget_run();
        paths
    } else {
        Paths::below(&root, &options.state_directory, ports.edge, environment)
    };
    if options.reset && paths.state.exists() {
        std::fs::remove_dir_all(&paths.state).map_err(StackError::file(&paths.state))?;
    }
    let session = SessionOptions {
        build: BuildOptions {
            release: options.release,
            checkout: options.checkout.clone(),
        },
        with: options.with.clone(),
        model: options.local_model(variables),
        watch: !options.no_watch,
        quiet: options.quiet,
        json: options.json,
        outputs_file: options.outputs_file.clone(),
    };
    let end = session::run(session, paths.clone(), app, (listeners, ports), ended).await;
    // After a failure the log is kept until the next run with free ports.
    if ports.free && end.is_ok() {
        paths.forget_run();
    }
    end
}

/// Waits for Ctrl-C, SIGTERM, the end of the terminal or the end of `parent`, which started this program: a parent that is
/// killed sends no signal, and its children then have another parent on every Unix.
async fn termination(parent: u32) {
    let next = async |kind: SignalKind| match signal(kind) {
        Ok(mut signal) => drop(signal.recv().await),
        Err(_) => std::future::pending().await,
    };
    let orphaned = async {
        while std::os::unix::process::parent_id() == parent {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::select! {
        () = orphaned => {}
        () = next(SignalKind::interrupt()) => {}
        () = next(SignalKind::terminate()) => {}
        () = next(SignalKind::hangup()) => {}
    }
}
