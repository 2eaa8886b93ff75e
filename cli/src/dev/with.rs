//! The programs that run beside the app: those of `--with`.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::ChildStdin;
use tokio::task::JoinSet;

use super::error::StackError;
use super::log::Log;
use super::paths::Paths;
use super::ports::{Ports, bind, origin, port_of};
use super::process::{Group, of_the_user};

/// Runs the command `$1`, and ends all that it started when standard input closes: that also happens when this program is killed.
const UNTIL_INPUT_CLOSES: &str = r#"exec 3<&0
sh -c "$1" 3<&- </dev/null &
child=$!
{ cat <&3 >/dev/null; kill -s KILL 0; } &
wait "$child"
"#;

/// The running programs; they end when this is dropped.
pub(crate) struct Beside {
    /// The origins that the programs were asked to listen at, in their order.
    pub(crate) origins: Vec<String>,
    running: JoinSet<StackError>,
    _groups: Vec<Group>,
    _inputs: Vec<ChildStdin>,
}

/// Starts each command with `PORT` in its environment, a port that is free, and its output in the log.
pub(crate) async fn start(
    commands: &[String],
    ports: Ports,
    paths: &Paths,
    log: &Log,
) -> Result<Beside, StackError> {
    let mut beside = Beside {
        origins: Vec::new(),
        running: JoinSet::new(),
        _groups: Vec::new(),
        _inputs: Vec::new(),
    };
    for (index, command) in (0..).zip(commands) {
        let listener = bind(ports.with(index), "program of --with", ports.edge).await?;
        let port = port_of(&listener)?;
        drop(listener);
        let mut child = of_the_user("sh", paths)
            .args(["-c", UNTIL_INPUT_CLOSES, "sh", command])
            .env("PORT", port.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(StackError::file("sh"))?;
        beside._groups.push(Group::of(&child));
        beside.origins.push(origin(port));
        beside._inputs.extend(child.stdin.take());
        if let Some(output) = child.stdout.take() {
            tokio::spawn(pass_on(output, command.clone(), log.clone()));
        }
        if let Some(errors) = child.stderr.take() {
            tokio::spawn(pass_on(errors, command.clone(), log.clone()));
        }
        let command = command.clone();
        beside.running.spawn(async move {
            let status = child.wait().await;
            if status.as_ref().is_ok_and(std::process::ExitStatus::success) {
                // It has done its work.
                std::future::pending::<()>().await;
            }
            let status = status.map_or_else(|error| error.to_string(), |status| status.to_string());
            StackError::WithEnded { command, status }
        });
    }
    Ok(beside)
}

impl Beside {
    /// Waits for the first program that fails.
    pub(crate) async fn failed(&mut self) -> StackError {
        match self.running.join_next().await {
            Some(Ok(error)) => error,
            Some(Err(_)) | None => std::future::pending().await,
        }
    }
}

async fn pass_on(output: impl AsyncRead + Unpin, command: String, log: Log) {
    let mut lines = BufReader::new(output).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        log.with(&command, &line);
    }
}
