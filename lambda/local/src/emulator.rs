//! The emulator as a child process, and the deployment of the synthesized template to it.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::prepare::STACK;
use crate::process::{Service, command, step};
use crate::{Failure, Places, Ports};

/// How long the emulator may take until it answers; it takes under a second on an idle machine.
const START: Duration = Duration::from_secs(60);
/// How long it may take to save users and data.
pub(crate) const GRACE: Duration = Duration::from_secs(6);

/// The stack's outputs by name.
pub(crate) type Outputs = BTreeMap<String, String>;

/// Starts the emulator and waits until it answers.
pub(crate) async fn start(places: &Places, ports: Ports) -> Result<Service, Failure> {
    let log = places.log.join("emulator.log");
    let mut service = Service::start(
        command(places.python(), &places.root)
            .arg(places.emulator("launch.py"))
            .args(["--port", &ports.emulator.to_string(), "--state"])
            .arg(&places.state)
            .env("PYTHONUNBUFFERED", "1"),
        &log,
    )?;
    let answers = async {
        while tokio::net::TcpStream::connect(("127.0.0.1", ports.emulator))
            .await
            .is_err()
        {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::select! {
        () = answers => Ok(service),
        status = service.ended() => Err(Failure::EmulatorEnded { status, log }),
        () = tokio::time::sleep(START) => Err(Failure::EmulatorSilent { seconds: START.as_secs(), log }),
    }
}

/// Brings the stack to the synthesized template; its outputs and `RestApiId`.
pub(crate) async fn deploy(places: &Places, ports: Ports) -> Result<Outputs, Failure> {
    let outputs = step(
        "deploying the stack",
        "mend the template; if it deployed before, forget the old stack with `npm start -- --reset`",
        command(places.python(), &places.root)
            .arg(places.emulator("deploy.py"))
            .args(["--endpoint", &format!("http://127.0.0.1:{}", ports.emulator), "--stack", STACK, "--rest-api-id", "--cdk-out"])
            .arg(&places.cdk_out),
    )
    .await?;
    serde_json::from_slice(&outputs).map_err(|error| Failure::Incomplete {
        missing: format!("readable outputs ({error})"),
    })
}
