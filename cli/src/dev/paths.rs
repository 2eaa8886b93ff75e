//! The files of the local stack below `.local` of the project.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};

use super::environment::Environment;

/// Absolute paths of the stack's files. State is kept for each port, so that two stacks can run from one checkout.
/// [`Environment`] is the environment of programs that run there.
#[derive(Debug, Clone)]
pub struct Paths {
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

impl Paths {
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

    /// The output of the emulator.
    pub(crate) fn emulator_log(&self) -> PathBuf {
        self.log.join("emulator.log")
    }

    /// The outputs of the last start.
    #[must_use]
    pub fn outputs(&self) -> PathBuf {
        self.state.join("outputs.json")
    }
}

/// The directory that holds one for each run with free ports, by the port of its MCP endpoint.
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
