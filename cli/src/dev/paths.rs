//! The files of the local stack, below one directory of the project.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};

use super::environment::Environment;

/// The directory of the state below a project's root.
pub const STATE_DIRECTORY: &str = ".mcp-lambda";

/// Absolute paths of the stack's files. State is kept for each port, so that two stacks can run from one project.
/// [`Environment`] is the environment of programs that run there.
#[derive(Debug, Clone)]
pub struct Paths {
    /// The project.
    pub root: PathBuf,
    /// The directory of everything else.
    local: PathBuf,
    /// The emulator's Python environment.
    pub venv: PathBuf,
    /// Users, tables, keys and the outputs of the last start.
    pub state: PathBuf,
    /// The synthesized app and its assets.
    pub cdk_out: PathBuf,
    /// The output of the started programs.
    pub log: PathBuf,
    /// `<program>/bootstrap` for each program of this machine.
    pub programs: PathBuf,
    /// The environment of the programs.
    pub environment: Environment,
}

impl Paths {
    /// Everything below `state_directory` of the project at `root`.
    #[must_use]
    pub fn below(root: &Path, state_directory: &str, port: u16, environment: Environment) -> Self {
        let local = root.join(state_directory);
        let port = port.to_string();
        Self {
            root: root.to_owned(),
            venv: local.join("venv"),
            state: local.join("state").join(&port),
            cdk_out: local.join("cdk.out").join(&port),
            log: local.join("log").join(&port),
            programs: local.join("programs").join(&port),
            environment,
            local,
        }
    }

    /// The same with the state, app, programs and log of one run, which is the one that listens on `port`.
    #[must_use]
    pub fn of_one_run(
        root: &Path,
        state_directory: &str,
        port: u16,
        environment: Environment,
    ) -> Self {
        let paths = Self::below(root, state_directory, port, environment);
        let run = paths.runs().join(port.to_string());
        Self {
            state: run.join("state"),
            cdk_out: run.join("cdk.out"),
            log: run.join("log"),
            programs: run.join("programs"),
            ..paths
        }
    }

    /// Removes the files of one run.
    pub(crate) fn forget_run(&self) {
        if let Some(run) = self
            .state
            .parent()
            .filter(|run| run.starts_with(self.runs()))
        {
            // The next run with free ports removes what is left.
            let _ = std::fs::remove_dir_all(run);
        }
    }

    /// Makes the directories. Git ignores all of them.
    pub(crate) fn make(&self) -> std::io::Result<()> {
        for directory in [&self.state, &self.cdk_out, &self.log, &self.programs] {
            std::fs::create_dir_all(directory)?;
        }
        let ignored = self.local.join(".gitignore");
        if ignored.exists() {
            return Ok(());
        }
        std::fs::write(ignored, "*\n")
    }

    /// The Python interpreter of the emulator's environment.
    #[must_use]
    pub fn python(&self) -> PathBuf {
        self.venv.join("bin/python")
    }

    /// A file of the emulator.
    #[must_use]
    pub fn emulator(&self, file: &str) -> PathBuf {
        self.local.join("emulator").join(file)
    }

    /// The output of the emulator.
    pub(crate) fn emulator_log(&self) -> PathBuf {
        self.log.join("emulator.log")
    }

    /// What the functions do and write, as it happens.
    pub(crate) fn events(&self) -> PathBuf {
        self.log.join("events.jsonl")
    }

    /// The outputs of the last start.
    #[must_use]
    pub fn outputs(&self) -> PathBuf {
        self.state.join("outputs.json")
    }

    /// What is remembered of the app: the ports of its fronts, and its programs.
    pub(crate) fn memory(&self) -> PathBuf {
        self.state.join("app.json")
    }

    /// The directory that holds one for each run with free ports, by the port of its MCP endpoint.
    fn runs(&self) -> PathBuf {
        self.local.join("runs")
    }

    /// Removes the directories of killed runs with free ports. A run whose port is in use is still running; each free
    /// port is held while its directory is removed, so that no new run can get it.
    pub(crate) fn forget_killed_runs(&self) {
        let Ok(entries) = std::fs::read_dir(self.runs()) else {
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
}
