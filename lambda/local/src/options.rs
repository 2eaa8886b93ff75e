//! Command line, ports and places.

use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand, ValueEnum};

/// What the command line says.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "npm start --",
    bin_name = "npm start --",
    about = "Run the deployed stack on this machine"
)]
pub struct Options {
    /// Port of the MCP endpoint; the next three are used as well (sign-in pages, AWS endpoint, Dog API stand-in)
    #[arg(long, default_value_t = 3030, global = true, value_parser = clap::value_parser!(u16).range(1024..=65532))]
    pub port: u16,

    /// Write the stack's outputs as JSON to this file once everything is ready
    #[arg(long, value_name = "FILE")]
    pub outputs_file: Option<PathBuf>,

    /// What issues authorization codes: the authorization server in front of the user pool, or the user pool itself
    #[arg(long, value_enum, default_value_t = Authorization::Server)]
    pub authorization: Authorization,

    /// Put the gate before the MCP endpoint: a Lambda authorizer that looks at the OAuth scopes of each tool
    #[arg(long)]
    pub gate: bool,

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

/// What issues authorization codes to MCP clients.
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

/// The four ports, all on 127.0.0.1.
#[derive(Debug, Clone, Copy)]
pub struct Ports {
    /// What CloudFront is in AWS: the MCP endpoint and its metadata.
    pub edge: u16,
    /// What the Cognito domain is in AWS.
    pub sign_in: u16,
    /// The AWS endpoint.
    pub emulator: u16,
    /// What stands in for dogapi.dog.
    pub dog_api: u16,
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
        }
    }
}

/// Where things are, as absolute paths. State is kept for each port, so that two stacks can run from one checkout.
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
    /// What the programs that were started said.
    pub log: PathBuf,
    /// `<server>/bootstrap` for each server.
    pub lambda: PathBuf,
}

impl Places {
    /// Everything below `.local` of the project at `root`.
    #[must_use]
    pub fn below(root: &Path, port: u16) -> Self {
        let local = root.join(".local");
        let port = port.to_string();
        Self {
            root: root.to_owned(),
            venv: local.join("venv"),
            state: local.join("state").join(&port),
            cdk_out: local.join("cdk.out").join(&port),
            log: local.join("log").join(&port),
            lambda: local.join("lambda"),
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
        self.root.join("lambda/local/emulator").join(file)
    }

    /// The outputs of the last start.
    #[must_use]
    pub fn outputs(&self) -> PathBuf {
        self.state.join("outputs.json")
    }
}
