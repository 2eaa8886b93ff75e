//! The packages of a new project, installed: those of npm and Python, and the versions of its crates.

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use super::project::Stack;

/// Why a project has not all that it needs.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// A program is missing.
    #[error(
        "the project is written, but `{program}` cannot be started ({cause}): {fix}, then run `{command}` in {folder}"
    )]
    Missing {
        /// The program.
        program: &'static str,
        /// What the operating system said.
        cause: io::Error,
        /// How it is installed.
        fix: &'static str,
        /// The whole command.
        command: String,
        /// The project.
        folder: String,
    },
    /// A program ended with an error, which it printed.
    #[error(
        "the project is written, but `{command}` failed ({status}): fix what it reports above, then run it again in {folder}"
    )]
    Failed {
        /// The whole command.
        command: String,
        /// How it ended.
        status: String,
        /// The project.
        folder: String,
    },
}

/// A command, and how its program is installed.
struct Step {
    program: &'static str,
    arguments: &'static [&'static str],
    fix: &'static str,
}

const NODE: &str = "install Node.js 20 or later from https://nodejs.org";
const PYTHON: &str = "install Python 3.10 or later with venv";

const NPM_INSTALL: Step = Step {
    program: "npm",
    arguments: &["install", "--no-fund", "--no-audit"],
    fix: NODE,
};
const CARGO_LOCK: Step = Step {
    program: "cargo",
    arguments: &["generate-lockfile", "--quiet"],
    fix: "install Rust with rustup from https://rustup.rs",
};
const VENV: Step = Step {
    program: "python3",
    arguments: &["-m", "venv", ".venv"],
    fix: PYTHON,
};
const PIP_INSTALL: Step = Step {
    program: ".venv/bin/python",
    arguments: &[
        "-m",
        "pip",
        "install",
        "--quiet",
        "--requirement",
        "infra/requirements.txt",
    ],
    fix: PYTHON,
};

/// Installs what a project of this stack needs, after saying each command. Their output goes to standard error.
///
/// # Errors
///
/// A command is missing or fails. The project stays: the message says how to go on.
pub fn install(stack: Stack, folder: &Path, say: impl Fn(&str)) -> Result<(), InstallError> {
    steps(stack)
        .iter()
        .try_for_each(|step| run(step, folder, &say))
}

/// The commands that [`install`] runs.
pub fn commands(stack: Stack) -> impl Iterator<Item = String> {
    steps(stack).iter().map(Step::command)
}

fn steps(stack: Stack) -> &'static [Step] {
    match stack {
        Stack::Python => &[CARGO_LOCK, NPM_INSTALL, VENV, PIP_INSTALL],
        Stack::TypeScript | Stack::Rust => &[CARGO_LOCK, NPM_INSTALL],
    }
}

impl Step {
    fn command(&self) -> String {
        format!("{} {}", self.program, self.arguments.join(" "))
    }
}

fn run(step: &Step, folder: &Path, say: &impl Fn(&str)) -> Result<(), InstallError> {
    say(&step.command());
    let status = Command::new(step.program)
        .args(step.arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        // Standard output is for what the command itself reports.
        .stdout(io::stderr())
        .status()
        .map_err(|cause| InstallError::Missing {
            program: step.program,
            cause,
            fix: step.fix,
            command: step.command(),
            folder: folder.display().to_string(),
        })?;
    if status.success() {
        return Ok(());
    }
    Err(InstallError::Failed {
        command: step.command(),
        status: status.to_string(),
        folder: folder.display().to_string(),
    })
}
