//! Child processes, each with a process group of its own, so that nothing a child started survives it.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::process::{Child, ChildStdin, Command};

use crate::dev::error::StackError;
use crate::dev::paths::Paths;

/// Kills a process group when dropped: the way out that every error and every signal takes.
#[derive(Debug)]
pub(crate) struct Group(Option<Pid>);

impl Group {
    pub(crate) fn of(child: &Child) -> Self {
        Self(
            child
                .id()
                .and_then(|id| i32::try_from(id).ok())
                .map(Pid::from_raw),
        )
    }

    /// The leader was waited for and its group is empty: its id may be reused from now on.
    fn disarm(&mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(leader) = self.0 {
            // Already gone is what we want.
            let _ = killpg(leader, Signal::SIGKILL);
        }
    }
}

/// A command for [`output`] or [`Service::start`] that runs in the built environment.
pub(crate) fn command(program: impl AsRef<OsStr>, paths: &Paths) -> Command {
    let mut command = building(program, paths);
    command.env_clear().envs(paths.environment.variables());
    command
}

/// A command of the user's: the CDK app, or what `--with` starts. It inherits the environment but for the settings of AWS and the
/// CDK, which would lead it to an account.
pub(crate) fn of_the_user(program: impl AsRef<OsStr>, paths: &Paths) -> Command {
    let mut command = building(program, paths);
    command.env_clear().envs(paths.environment.of_the_user());
    command
}

/// A command that builds or installs: compilers and package managers need the settings of the machine for registries,
/// proxies and toolchains, so it inherits the whole environment.
pub(crate) fn building(program: impl AsRef<OsStr>, paths: &Paths) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir(&paths.root)
        .process_group(0)
        .kill_on_drop(true);
    command
}

/// Runs a command to its end and returns its output.
pub(crate) async fn output(command: &mut Command) -> std::io::Result<Output> {
    output_of(command, &[], &|_| {}).await
}

/// The same, with `input` on standard input; `heard` gets each line of standard error when it is written.
async fn output_of(
    command: &mut Command,
    input: &[u8],
    heard: &(dyn Fn(&str) + Sync),
) -> std::io::Result<Output> {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let mut group = Group::of(&child);
    if let Some(mut pipe) = child.stdin.take() {
        // A program that reads nothing may have ended already.
        let _ = pipe.write_all(input).await;
    }
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (stdout, stderr, status) = tokio::try_join!(
        async {
            let mut bytes = Vec::new();
            if let Some(mut pipe) = stdout {
                pipe.read_to_end(&mut bytes).await?;
            }
            Ok(bytes)
        },
        async {
            match stderr {
                Some(pipe) => lines(pipe, heard).await,
                None => Ok(Vec::new()),
            }
        },
        child.wait(),
    )?;
    group.disarm();
    Ok(Output {
        status,
        stdout,
        stderr,
    })
}

/// All that comes through a pipe; `heard` gets each line at once.
async fn lines(
    pipe: impl AsyncRead + Unpin,
    heard: &(dyn Fn(&str) + Sync),
) -> std::io::Result<Vec<u8>> {
    let mut pipe = BufReader::new(pipe);
    let mut bytes = Vec::new();
    loop {
        let start = bytes.len();
        if pipe.read_until(b'\n', &mut bytes).await? == 0 {
            return Ok(bytes);
        }
        heard(&String::from_utf8_lossy(
            bytes.get(start..).unwrap_or_default(),
        ));
    }
}

/// Runs one step of the preparation; its standard output, or a failure with the end of its output.
pub(crate) async fn step(
    step: &'static str,
    fix: &str,
    command: &mut Command,
) -> Result<Vec<u8>, StackError> {
    run_step(step, fix, command, &[], &|_| {}).await
}

/// The same; `heard` gets each line of standard error when it is written.
pub(crate) async fn step_heard(
    step: &'static str,
    fix: &str,
    command: &mut Command,
    heard: &(dyn Fn(&str) + Sync),
) -> Result<Vec<u8>, StackError> {
    run_step(step, fix, command, &[], heard).await
}

/// The same as [`step`], with `input` on standard input.
pub(crate) async fn step_with_input(
    step: &'static str,
    fix: &str,
    command: &mut Command,
    input: &[u8],
) -> Result<Vec<u8>, StackError> {
    run_step(step, fix, command, input, &|_| {}).await
}

async fn run_step(
    step: &'static str,
    fix: &str,
    command: &mut Command,
    input: &[u8],
    heard: &(dyn Fn(&str) + Sync),
) -> Result<Vec<u8>, StackError> {
    let failed = |status: String, said: &str| StackError::StepFailed {
        step,
        status,
        fix: fix.to_owned(),
        said: last_lines(said),
    };
    let output = output_of(command, input, heard)
        .await
        .map_err(|cause| failed(cause.to_string(), ""))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    // Standard output is for programs (cargo's messages are JSON), unless nothing else was said.
    let said = if output.stderr.is_empty() {
        &output.stdout
    } else {
        &output.stderr
    };
    Err(failed(
        output.status.to_string(),
        &String::from_utf8_lossy(said),
    ))
}

/// The end of a long output: the cause is nearly always there.
fn last_lines(said: &str) -> String {
    const KEPT: usize = 100;
    let lines: Vec<&str> = said
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    lines[lines.len().saturating_sub(KEPT)..].join("\n")
}

/// A child that runs as long as the stack. The end of its standard input makes it stop, which also happens when this
/// program is killed.
#[derive(Debug)]
pub(crate) struct Service {
    child: Child,
    // Held apart from `child`, whose `wait` would close it.
    input: Option<ChildStdin>,
    group: Group,
}

impl Service {
    /// Starts the command with standard output and standard error in `log`.
    pub(crate) fn start(command: &mut Command, log: &Path) -> Result<Self, StackError> {
        let output = std::fs::File::create(log).map_err(StackError::file(log))?;
        let errors = output.try_clone().map_err(StackError::file(log))?;
        command.stdin(Stdio::piped()).stdout(output).stderr(errors);
        let mut child = command
            .spawn()
            .map_err(StackError::file(command.as_std().get_program()))?;
        let input = child.stdin.take();
        let group = Group::of(&child);
        Ok(Self {
            child,
            input,
            group,
        })
    }

    /// Waits until it ends by itself, which no service should do.
    pub(crate) async fn ended(&mut self) -> String {
        match self.child.wait().await {
            Ok(status) => status.to_string(),
            Err(error) => error.to_string(),
        }
    }

    /// Ends it in order, within `grace`; what is left of its group then ends by force.
    pub(crate) async fn stop(mut self, grace: Duration) {
        drop(self.input.take());
        // In time or not: dropping the group then kills every process that is left.
        let _ = tokio::time::timeout(grace, self.child.wait()).await;
        drop(self.group);
    }
}
