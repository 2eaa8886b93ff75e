//! The emulator as a child process, and the deployment of the synthesized template to it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use super::process::{Service, command, step};
use crate::dev::error::StackError;
use crate::dev::paths::Paths;
use crate::dev::ports::Ports;

/// Start-up timeout of the emulator; it takes under a second on an idle machine.
const START: Duration = Duration::from_secs(60);
/// How long it may take to save users and data. It closes open streams after a second (`launch.py`), and the whole
/// stack ends within five.
pub(crate) const GRACE: Duration = Duration::from_secs(3);

/// Starts the emulator on its port (0 is any free one) and waits until it responds; returns the emulator and its port.
pub(crate) async fn start(paths: &Paths, ports: Ports) -> Result<(Service, u16), StackError> {
    let log = paths.emulator_log();
    let port_file = paths.state.join("port");
    // It would contain the port of the previous run.
    let _ = std::fs::remove_file(&port_file);
    let mut service = Service::start(
        command(paths.python(), paths)
            .arg(paths.emulator("launch.py"))
            .args(["--port", &ports.emulator.to_string(), "--port-file"])
            .arg(&port_file)
            .arg("--state")
            .arg(&paths.state)
            .env("PYTHONUNBUFFERED", "1"),
        &log,
    )?;
    let answers = async {
        loop {
            let port = std::fs::read_to_string(&port_file).ok();
            if let Some(port) = port.and_then(|port| port.parse().ok())
                && tokio::net::TcpStream::connect(("127.0.0.1", port))
                    .await
                    .is_ok()
            {
                return port;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::select! {
        port = answers => Ok((service, port)),
        status = service.ended() => Err(StackError::EmulatorEnded { status, log }),
        () = tokio::time::sleep(START) => Err(StackError::EmulatorSilent { seconds: START.as_secs(), log }),
    }
}

/// The result of a deployment.
#[derive(Deserialize)]
pub(crate) struct Deployed {
    /// The physical ids of the REST APIs by logical id. Only the edge needs them, so they are not outputs.
    #[serde(rename = "RestApiIds")]
    pub(crate) rest_api_ids: BTreeMap<String, String>,
    #[serde(flatten)]
    pub(crate) outputs: BTreeMap<String, String>,
}

/// Updates the stack to the synthesized template.
pub(crate) async fn deploy(
    paths: &Paths,
    ports: Ports,
    stack: &str,
) -> Result<Deployed, StackError> {
    let deployed = step(
        "deploying the stack",
        "fix the template; if it deployed before, forget the old stack with `npm start -- --reset`",
        command(paths.python(), paths)
            .arg(paths.emulator("deploy.py"))
            .args([
                "--endpoint",
                &format!("http://127.0.0.1:{}", ports.emulator),
                "--stack",
                stack,
                "--rest-api-ids",
                "--cdk-out",
            ])
            .arg(&paths.cdk_out),
    )
    .await?;
    serde_json::from_slice(&deployed).map_err(|error| StackError::Incomplete {
        missing: format!("readable outputs ({error})"),
    })
}
