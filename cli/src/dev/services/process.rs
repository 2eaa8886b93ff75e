//! One process of a service.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use mcp_lambda_contract::setting_names;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdin};

use crate::dev::error::StackError;
use crate::dev::log::Log;
use crate::dev::paths::Paths;
use crate::dev::process::{Group, command};

/// Runs the program `$1`, whose end is that of the whole; SIGTERM reaches it alone. When standard input closes, everything ends: that
/// also happens when this program is killed.
const UNTIL_INPUT_CLOSES: &str = r#"exec 3<&0
trap : TERM
"$1" 3<&- </dev/null &
child=$!
{ trap - TERM; cat <&3 >/dev/null; kill -s KILL 0; } &
wait "$child" || wait "$child"
"#;

/// How a process of a service is started.
#[derive(Clone)]
pub(super) struct Start {
    /// The path of the construct.
    pub(super) service: String,
    pub(super) program: PathBuf,
    pub(super) environment: BTreeMap<String, String>,
    pub(super) paths: Paths,
    pub(super) log: Log,
}

/// A running process; it ends by force when this is dropped.
pub(super) struct Process {
    child: Child,
    _input: Option<ChildStdin>,
    _group: Group,
}

impl Process {
    /// Starts the program on `port`, with its lines in the log.
    pub(super) fn start(start: &Start, port: u16) -> Result<Self, StackError> {
        let mut child = command("sh", &start.paths)
            .args(["-c", UNTIL_INPUT_CLOSES, "sh"])
            .arg(&start.program)
            .envs(&start.environment)
            .env(setting_names::MCP_LISTEN, format!("127.0.0.1:{port}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(StackError::file("sh"))?;
        if let Some(errors) = child.stderr.take() {
            let (log, service) = (start.log.clone(), start.service.clone());
            tokio::spawn(async move {
                let mut lines = BufReader::new(errors).lines();
                while let Ok(Some(line)) = lines.next_line().await {
                    log.service(&service, &line);
                }
            });
        }
        let input = child.stdin.take();
        Ok(Self {
            _group: Group::of(&child),
            child,
            _input: input,
        })
    }

    /// Waits until it ends.
    pub(super) async fn ended(&mut self) -> String {
        match self.child.wait().await {
            Ok(status) => status.to_string(),
            Err(error) => error.to_string(),
        }
    }

    /// Asks it to end, as Amazon ECS does, and waits for that.
    pub(super) async fn end(mut self, grace: Duration) {
        let id = self.child.id().and_then(|id| i32::try_from(id).ok());
        if let Some(id) = id {
            let _ = killpg(Pid::from_raw(id), Signal::SIGTERM);
        }
        // In time or not: what is left then ends by force.
        let _ = tokio::time::timeout(grace, self.child.wait()).await;
    }
}
