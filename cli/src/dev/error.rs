//! Errors of the local stack. Every message names the cause and what fixes it.

use std::path::PathBuf;

/// Why the local stack cannot start or go on.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// The directory holds no CDK app.
    #[error(
        "{root} has no cdk.json: run the command in the directory of a CDK app, or make a project with `mcp-lambda new`", root = root.display()
    )]
    AppMissing {
        /// The directory.
        root: PathBuf,
    },
    /// `cdk.json` names no command.
    #[error(
        "{file} has no \"app\": add the command that synthesizes the app, for example \"app\": \"npx tsx infra/app.ts\", or give it with --app", file = file.display()
    )]
    AppCommandMissing {
        /// The file.
        file: PathBuf,
    },
    /// The command of the app synthesized nothing.
    #[error(
        "`{command}` ended without a cloud assembly: let it define a CDK App and call app.synth(), without an outdir of its own"
    )]
    NotACdkApp {
        /// The command.
        command: String,
    },
    /// The app has no server.
    #[error(
        "the CDK app in {root} defines no McpServer, McpRemoteServer, McpHost or McpPlayground: add one to a stack (docs/first-server.md)", root = root.display()
    )]
    NoServer {
        /// The directory.
        root: PathBuf,
    },
    /// The constructs are of another release.
    #[error(
        "{construct} says what this mcp-lambda cannot read ({cause}): install the same release of mcp-lambda and mcp-lambda-cdk, or in a clone run `npm run build --workspace cdk`"
    )]
    OtherRelease {
        /// The construct.
        construct: String,
        /// What is wrong.
        cause: serde_json::Error,
    },
    /// The id of an imported user pool is known on AWS only.
    #[error(
        "{construct} imports a user pool whose id is known at deployment only: on this machine, give the id as a plain string"
    )]
    UserPoolUnknown {
        /// The construct.
        construct: String,
    },
    /// Stacks of several accounts or regions.
    #[error(
        "the stacks are for several {what} ({values}), and one emulator has one: leave `env` of the stacks out, or set it from CDK_DEFAULT_ACCOUNT and CDK_DEFAULT_REGION"
    )]
    SeveralPlaces {
        /// Accounts or regions.
        what: &'static str,
        /// Their names.
        values: String,
    },
    /// A file is not the JSON that it should be.
    #[error("{path} cannot be read: {cause}: correct it", path = path.display())]
    NotReadable {
        /// The file.
        path: PathBuf,
        /// What is wrong, with its position.
        cause: serde_json::Error,
    },
    /// A server's own contract is wrong.
    #[error("the contract of {binary} is wrong: {cause}")]
    ContractWrong {
        /// The server's binary.
        binary: String,
        /// What is wrong and what fixes it.
        cause: String,
    },
    /// A program that comes with the command is missing.
    #[error(
        "the program {name} for this machine is missing beside {beside}: install mcp-lambda again"
    , beside = beside.display())]
    ProgramMissing {
        /// The program.
        name: String,
        /// Where it was expected.
        beside: PathBuf,
    },
    /// A program of `--with` ended.
    #[error("`{command}` of --with ended ({status}): see what it printed above")]
    WithEnded {
        /// The command.
        command: String,
        /// How it ended.
        status: String,
    },
    /// A process of a service did not become ready.
    #[error("{service} is not ready ({cause}): see what it wrote above, or --json")]
    ServiceNotReady {
        /// The construct.
        service: String,
        /// How it ended, or how long it was waited for.
        cause: String,
    },
    /// A program that the stack needs is missing.
    #[error("`{tool}` cannot be started ({cause}): {fix}, then run `mcp-lambda dev` again")]
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
        "`{tool}` is version {found}, {wanted} or newer is needed: {fix}, then run `mcp-lambda dev` again"
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
        "port {port} ({role}) is taken by another program: stop that program (it may be another `mcp-lambda dev`), \
         or choose other ports with --port {other}"
    )]
    PortTaken {
        /// The port.
        port: u16,
        /// What it is needed for.
        role: String,
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
    #[error("the emulator did not respond within {seconds} s: see {log}, then run `mcp-lambda dev` again", log = log.display())]
    EmulatorSilent {
        /// The time limit.
        seconds: u64,
        /// Where its output is.
        log: PathBuf,
    },
    /// The emulator ended unexpectedly.
    #[error("the emulator ended by itself ({status}): see {log}, then run `mcp-lambda dev` again", log = log.display())]
    EmulatorEnded {
        /// How it ended.
        status: String,
        /// Where its output is.
        log: PathBuf,
    },
    /// A file cannot be read or written.
    #[error("{path}: {cause}: make it accessible and run `mcp-lambda dev` again", path = path.display())]
    File {
        /// The file or directory.
        path: PathBuf,
        /// What the operating system said.
        cause: std::io::Error,
    },
    /// The synthesized template or the outputs lack a required value.
    #[error("the stack has no {missing}")]
    Incomplete {
        /// What is missing.
        missing: String,
    },
    /// `token` without a running stack.
    #[error(
        "no stack of this folder has been started on port {port}: run `mcp-lambda dev --port {port}` here in another terminal first"
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
