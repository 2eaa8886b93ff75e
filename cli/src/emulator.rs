//! The emulator as a child process, and the deployment of the synthesized template to it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use crate::process::{Service, command, step};
use crate::{Failure, Places, Ports};

/// Start-up timeout of the emulator; it takes under a second on an idle machine.
const START: Duration = Duration::from_secs(60);
/// How long it may take to save users and data. It closes open streams after a second (`launch.py`), and the whole
/// stack ends within five.
pub(crate) const GRACE: Duration = Duration::from_secs(3);

/// The stack's outputs by name.
pub(crate) type Outputs = BTreeMap<String, String>;

/// Starts the emulator on its port (0 is any free one) and waits until it responds; returns the emulator and its port.
pub(crate) async fn start(places: &Places, ports: Ports) -> Result<(Service, u16), Failure> {
    let log = places.log.join("emulator.log");
    let port_file = places.state.join("port");
    // It would contain the port of the previous run.
    let _ = std::fs::remove_file(&port_file);
    let mut service = Service::start(
        command(places.python(), places)
            .arg(places.emulator("launch.py"))
            .args(["--port", &ports.emulator.to_string(), "--port-file"])
            .arg(&port_file)
            .arg("--state")
            .arg(&places.state)
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
        status = service.ended() => Err(Failure::EmulatorEnded { status, log }),
        () = tokio::time::sleep(START) => Err(Failure::EmulatorSilent { seconds: START.as_secs(), log }),
    }
}

/// The result of a deployment.
#[derive(Deserialize)]
pub(crate) struct Deployed {
    /// The physical ids of the REST APIs by logical id. Only the edge needs them, so they are not outputs.
    #[serde(rename = "RestApiIds")]
    pub(crate) rest_api_ids: BTreeMap<String, String>,
    #[serde(flatten)]
    pub(crate) outputs: Outputs,
}

/// Updates the stack to the synthesized template.
pub(crate) async fn deploy(
    places: &Places,
    ports: Ports,
    stack: &str,
) -> Result<Deployed, Failure> {
    let deployed = step(
        "deploying the stack",
        "fix the template; if it deployed before, forget the old stack with `npm start -- --reset`",
        command(places.python(), places)
            .arg(places.emulator("deploy.py"))
            .args([
                "--endpoint",
                &format!("http://127.0.0.1:{}", ports.emulator),
                "--stack",
                stack,
                "--rest-api-ids",
                "--cdk-out",
            ])
            .arg(&places.cdk_out),
    )
    .await?;
    serde_json::from_slice(&deployed).map_err(|error| Failure::Incomplete {
        missing: format!("readable outputs ({error})"),
    })
}
