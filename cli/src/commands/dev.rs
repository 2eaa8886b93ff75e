//! `mcp-lambda dev`: the stack on this machine, from its start to its end.

use std::io::Write;
use std::path::PathBuf;
use std::pin::Pin;
use std::time::{Duration, Instant};

use axum::Router;
use axum::serve::ListenerExt;
use clap::Args;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::dev::edge::{self, LoopbackHost, Upstream};
use crate::dev::environment::Environment;
use crate::dev::error::StackError;
use crate::dev::paths::{Paths, forget_killed_runs};
use crate::dev::ports::{Listeners, bind};
use crate::dev::progress::Progress;
use crate::dev::stack::{self, AppOptions, Ready};
use crate::dev::{announcement, dog_api, sign_in};

pub(super) const EXAMPLES: &str = "Examples:
  mcp-lambda dev --port 4030            on the ports 4030 to 4033
  mcp-lambda dev --port 0 --outputs-file outputs.json
                                        on free ports, for a test that reads the file
  mcp-lambda dev --app two --reset      both examples, without earlier users and data";

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Port of the MCP endpoint, or 0 for free ports
    ///
    /// The next three ports are used as well: sign-in pages, AWS endpoint, imitation of the Dog API. Users and data are
    /// kept for each port. With 0, any four free ports are used and nothing is kept.
    #[arg(long, default_value_t = 3030, value_parser = first_port)]
    port: u16,

    #[command(flatten)]
    app: AppOptions,

    /// Write the stack's outputs as JSON to this file once everything is ready
    #[arg(long, value_name = "FILE")]
    outputs_file: Option<PathBuf>,

    /// Forget users and data of earlier runs on this port
    #[arg(long)]
    reset: bool,

    /// Print nothing but the final block and errors
    #[arg(long)]
    quiet: bool,

    /// The project's root directory
    #[arg(long, default_value = ".", hide = true)]
    root: PathBuf,
}

/// A port that three others can follow, or 0.
fn first_port(value: &str) -> Result<u16, &'static str> {
    match value.parse() {
        Ok(port @ (0 | 1024..=65532)) => Ok(port),
        _ => Err("choose 0 (any free port) or a port between 1024 and 65532"),
    }
}

/// Runs the stack until a signal ends it (which is no failure) or a part of it ends by itself (which is one); no child is
/// left either way.
pub(super) async fn run(options: &Options, environment: Environment) -> Result<(), StackError> {
    let mut ended = std::pin::pin!(termination(std::os::unix::process::parent_id()));
    let root = std::fs::canonicalize(&options.root).map_err(StackError::file(&options.root))?;
    if !root.join("cdk.json").exists() {
        return Err(StackError::AppMissing { root });
    }
    let (listeners, ports) = bind(options.port).await?;
    let paths = if ports.free {
        Paths::of_one_run(&root, ports.edge, environment)
    } else {
        Paths::below(&root, ports.edge, environment)
    };
    if ports.free {
        forget_killed_runs(&root);
        paths.forget_run();
    }
    let started = Instant::now();
    if options.reset && paths.state.exists() {
        std::fs::remove_dir_all(&paths.state).map_err(StackError::file(&paths.state))?;
    }
    let progress = Progress::new(options.quiet);
    let end = tokio::select! {
        ready = stack::deploy(options.app, &paths, ports, progress) => match ready {
            Ok(ready) => serve_until(ended, options, &paths, listeners, ready, started).await,
            Err(error) => Err(error),
        },
        () = &mut ended => Ok(()),
    };
    // After a failure the log is kept until the next run with free ports.
    if ports.free && end.is_ok() {
        paths.forget_run();
    }
    end
}

/// Serves until `ended` or until the emulator is gone.
async fn serve_until(
    ended: Pin<&mut impl Future<Output = ()>>,
    options: &Options,
    paths: &Paths,
    listeners: Listeners,
    ready: Ready,
    started: Instant,
) -> Result<(), StackError> {
    let Ready {
        ports,
        mut emulator,
        outputs,
        routes,
        policy,
    } = ready;
    let upstream = Upstream::at(ports.emulator);
    let origin =
        edge::Origin::new(upstream.clone(), &routes).ok_or_else(|| StackError::Incomplete {
            missing: "REST API with a readable id".into(),
        })?;
    let pages = sign_in::SignIn::new(upstream, ports.sign_in, policy);
    serve(
        listeners.edge,
        edge::app(origin, LoopbackHost::new(ports.edge)),
    );
    serve(
        listeners.sign_in,
        sign_in::app(pages, LoopbackHost::new(ports.sign_in)),
    );
    serve(
        listeners.dog_api,
        dog_api::app(LoopbackHost::new(ports.dog_api)),
    );

    let outputs = announcement::outputs(&outputs, ports);
    announcement::write(&outputs, &paths.outputs())?;
    if let Some(file) = &options.outputs_file {
        announcement::write(&outputs, file)?;
    }
    let block = announcement::block(&outputs, ports, started.elapsed().as_secs_f32());
    // A closed standard output does not stop the stack.
    let _ = std::io::stdout().write_all(block.as_bytes());

    let end = tokio::select! {
        status = emulator.ended() => {
            Err(StackError::EmulatorEnded { status, log: paths.emulator_log() })
        }
        () = ended => {
            Progress::new(options.quiet).say("Stopping …");
            emulator.stop(stack::GRACE).await;
            Ok(())
        }
    };
    // `mcp-lambda token` must not take a stack that is gone for a running one.
    let _ = std::fs::remove_file(paths.outputs());
    end
}

/// Serves until the program ends.
fn serve(listener: TcpListener, app: Router) {
    // Small chunks of a stream must not wait for others. Without the option they are late, no more.
    let listener = listener.tap_io(|connection| drop(connection.set_nodelay(true)));
    tokio::spawn(async move { axum::serve(listener, app).await });
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
