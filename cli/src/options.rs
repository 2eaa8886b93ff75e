//! Command line options, ports and paths.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand, ValueEnum};

use crate::Failure;
use crate::process::Environment;

/// What the command line says.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "npm start --",
    bin_name = "npm start --",
    about = "Run the deployed stack on this machine"
)]
pub struct Options {
    /// Port of the MCP endpoint; the next three are used as well (sign-in pages, AWS endpoint, Dog API stand-in).
    /// With 0, any four free ports are used and nothing of the run is kept
    #[arg(long, default_value_t = 3030, global = true, value_parser = first_port)]
    pub port: u16,

    /// Write the stack's outputs as JSON to this file once everything is ready
    #[arg(long, value_name = "FILE")]
    pub outputs_file: Option<PathBuf>,

    /// What issues authorization codes: the authorization server in front of the user pool, or the user pool itself
    #[arg(long, value_enum, default_value_t = Authorization::Server)]
    pub authorization: Authorization,

    /// Put a Lambda authorizer before the MCP endpoint that looks at the OAuth scopes of each tool
    #[arg(long)]
    pub lambda_authorizer: bool,

    /// Which app to run: the example, or both examples on one host
    #[arg(long, value_enum, default_value_t = App::DogFacts)]
    pub app: App,

    /// Forget users and data of earlier runs on this port
    #[arg(long)]
    pub reset: bool,

    /// Print nothing but the final block and errors
    #[arg(long)]
    pub quiet: bool,

    /// The project's root directory
    #[arg(long, default_value = ".", hide = true, global = true)]
    pub root: PathBuf,

    /// What to do instead of running the stack
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// A port that three others can follow, or 0.
fn first_port(text: &str) -> Result<u16, String> {
    match text.parse() {
        Ok(port @ (0 | 1024..=65532)) => Ok(port),
        _ => Err("a port must be 0 (any free port) or between 1024 and 65532".to_owned()),
    }
}

/// The issuer of authorization codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Authorization {
    /// The authorization server in front of the user pool: clients need the URL alone.
    Server,
    /// The user pool itself: clients need its app client's id.
    Cognito,
}

impl Authorization {
    /// The value of the app's context key `authorization`.
    pub(crate) fn context_value(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Cognito => "cognito",
        }
    }
}

/// An app of `cdk/app`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum App {
    /// The server `dog-facts` alone.
    DogFacts,
    /// The servers `dog-facts` and `counter`, which share a host.
    Two,
}

impl App {
    /// Name and identifier of its stack.
    pub(crate) fn stack(self) -> &'static str {
        match self {
            Self::DogFacts => "DogFacts",
            Self::Two => "Two",
        }
    }

    /// The program that synthesizes it.
    pub(crate) fn program(self) -> &'static str {
        match self {
            Self::DogFacts => "cdk/app/main.ts",
            Self::Two => "cdk/app/two.ts",
        }
    }
}

/// What can be done instead of running the stack.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum Command {
    /// Print an access token of the machine client of the running stack
    Token,
}

/// The port that MCP clients listen on during sign-in, unless the stack has free ports.
const CALLBACK: u16 = 8765;

/// The four ports, all on 127.0.0.1, and the one that MCP clients listen on.
#[derive(Debug, Clone, Copy)]
pub struct Ports {
    /// The port that emulates CloudFront: the MCP endpoint and its metadata.
    pub edge: u16,
    /// The port that emulates the Cognito domain.
    pub sign_in: u16,
    /// The AWS endpoint.
    pub emulator: u16,
    /// The port that emulates dogapi.dog.
    pub dog_api: u16,
    /// The port that MCP clients listen on during sign-in: its redirect URIs are registered with the interactive app
    /// client.
    pub callback: u16,
    /// Whether the ports are free ones, of a run that keeps no state.
    pub free: bool,
}

impl Ports {
    /// `edge` and the three ports that follow it.
    #[must_use]
    pub fn starting_at(edge: u16) -> Self {
        Self {
            edge,
            sign_in: edge + 1,
            emulator: edge + 2,
            dog_api: edge + 3,
            callback: CALLBACK,
            free: false,
        }
    }

    /// Ports that are free when they are bound, and a port for clients that is free now. Clients bind it later, so it
    /// is below the ranges from which systems assign ports.
    pub(crate) fn free() -> Result<Self, Failure> {
        let mut random = [0; 2];
        let callback = loop {
            getrandom::fill(&mut random).map_err(|cause| {
                Failure::file("random numbers")(std::io::Error::other(cause.to_string()))
            })?;
            let port = 20_000 + u16::from_ne_bytes(random) % 12_000;
            if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
                break port;
            }
        };
        Ok(Self {
            edge: 0,
            sign_in: 0,
            emulator: 0,
            dog_api: 0,
            callback,
            free: true,
        })
    }
}

/// Absolute paths of the stack's files. State is kept for each port, so that two stacks can run from one checkout.
/// [`Environment`] is the environment of programs that run there.
#[derive(Debug, Clone)]
pub struct Places {
    /// The project.
    pub root: PathBuf,
    /// The emulator's Python environment.
    pub venv: PathBuf,
    /// Users, tables, keys and the outputs of the last start.
    pub state: PathBuf,
    /// The synthesized template and its assets.
    pub cdk_out: PathBuf,
    /// The output of the started programs.
    pub log: PathBuf,
    /// `<server>/bootstrap` for each server.
    pub lambda: PathBuf,
    /// The environment of the programs.
    pub environment: Environment,
}

impl Places {
    /// Everything below `.local` of the project at `root`.
    #[must_use]
    pub fn below(root: &Path, port: u16, environment: Environment) -> Self {
        let local = root.join(".local");
        let port = port.to_string();
        Self {
            root: root.to_owned(),
            venv: local.join("venv"),
            state: local.join("state").join(&port),
            cdk_out: local.join("cdk.out").join(&port),
            log: local.join("log").join(&port),
            lambda: local.join("lambda"),
            environment,
        }
    }

    /// The same with the state, template and log of one run, which is the one that listens on `port`.
    #[must_use]
    pub fn of_one_run(root: &Path, port: u16, environment: Environment) -> Self {
        let run = runs(root).join(port.to_string());
        Self {
            state: run.join("state"),
            cdk_out: run.join("cdk.out"),
            log: run.join("log"),
            ..Self::below(root, port, environment)
        }
    }

    /// Removes the state, template and log of one run.
    pub(crate) fn forget_run(&self) {
        if let Some(run) = self
            .state
            .parent()
            .filter(|run| run.starts_with(runs(&self.root)))
        {
            // The next run with free ports removes what is left.
            let _ = std::fs::remove_dir_all(run);
        }
    }

    /// The Python interpreter of the emulator's environment.
    #[must_use]
    pub fn python(&self) -> PathBuf {
        self.venv.join("bin/python")
    }

    /// A file of the emulator's directory.
    #[must_use]
    pub fn emulator(&self, file: &str) -> PathBuf {
        self.root.join("cli/emulator").join(file)
    }

    /// The outputs of the last start.
    #[must_use]
    pub fn outputs(&self) -> PathBuf {
        self.state.join("outputs.json")
    }
}

/// Holds a directory for each run with free ports, by the port of its MCP endpoint.
fn runs(root: &Path) -> PathBuf {
    root.join(".local/runs")
}

/// Removes the directories of killed runs with free ports. A run whose port is in use is still running; each free port
/// is held while its directory is removed, so that no new run can get it.
pub(crate) fn forget_killed_runs(root: &Path) {
    let Ok(entries) = std::fs::read_dir(runs(root)) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(port) = name.to_str().and_then(|port| port.parse::<u16>().ok()) else {
            continue;
        };
        if let Ok(_held) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}
