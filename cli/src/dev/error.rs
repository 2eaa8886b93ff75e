//! Errors of the local stack. Every message names the cause and the command that fixes it.

use std::path::PathBuf;

/// Why the local stack cannot start or go on.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// The directory holds no CDK app.
    #[error("{root} has no cdk.json: run the command in the directory of a CDK app", root = root.display())]
    AppMissing {
        /// The directory.
        root: PathBuf,
    },
    /// A program that the stack needs is missing.
    #[error("`{tool}` cannot be started ({cause}): {fix}, then run `npm start` again")]
    ToolMissing {
        /// Name of the program.
        tool: &'static str,
        /// What the operating system said.
        cause: String,
        /// What to do.
        fix: &'static str,
    },
    /// A program is too old.
    #[error(
        "`{tool}` is version {found}, {wanted} or newer is needed: {fix}, then run `npm start` again"
    )]
    ToolTooOld {
        /// Name of the program.
        tool: &'static str,
        /// The version that it reports.
        found: String,
        /// The required version.
        wanted: &'static str,
        /// What to do.
        fix: &'static str,
    },
    /// Another process listens on a port.
    #[error(
        "port {port} ({role}) is taken by another program: stop that program (it may be another `npm start`), \
         or choose other ports with `npm start -- --port {other}`"
    )]
    PortTaken {
        /// The port.
        port: u16,
        /// What it is needed for.
        role: &'static str,
        /// A port to try instead.
        other: u16,
    },
    /// A step of the preparation ended with an error.
    #[error("{step} failed ({status}): {fix}\n\n{said}")]
    StepFailed {
        /// What was being done.
        step: &'static str,
        /// How its program ended.
        status: String,
        /// What to do.
        fix: String,
        /// The end of the program's output.
        said: String,
    },
    /// The emulator did not respond in time.
    #[error("the emulator did not respond within {seconds} s: see {log}, then run `npm start` again", log = log.display())]
    EmulatorSilent {
        /// The time limit.
        seconds: u64,
        /// Where its output is.
        log: PathBuf,
    },
    /// The emulator ended unexpectedly.
    #[error("the emulator ended by itself ({status}): see {log}, then run `npm start` again", log = log.display())]
    EmulatorEnded {
        /// How it ended.
        status: String,
        /// Where its output is.
        log: PathBuf,
    },
    /// A file cannot be read or written.
    #[error("{path}: {cause}: make it accessible (or delete `.local`) and run `npm start` again", path = path.display())]
    File {
        /// The file or directory.
        path: PathBuf,
        /// What the operating system said.
        cause: std::io::Error,
    },
    /// The synthesized template or the outputs lack a required value.
    #[error("the stack has no {missing}: run `git status` to see what changed below `cdk/`")]
    Incomplete {
        /// What is missing.
        missing: String,
    },
    /// `token` without a running stack.
    #[error(
        "no stack has been started on port {port}: run `npm start -- --port {port}` in another terminal first"
    )]
    NotStarted {
        /// The port that was asked for.
        port: u16,
    },
}

impl StackError {
    /// For `map_err` on file operations.
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |cause| Self::File { path, cause }
    }
}
