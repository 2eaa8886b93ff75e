//! Starts the emulator.

use std::time::Duration;

use super::account::Account;
use crate::dev::error::StackError;
use crate::dev::paths::Paths;
use crate::dev::process::{Service, command};

/// Start-up timeout of the emulator; it takes under a second on an idle machine.
const START: Duration = Duration::from_secs(60);
/// How long it may take to save users and data. It closes open streams after a second (`launch.py`), and the whole
/// stack ends within five.
pub(crate) const GRACE: Duration = Duration::from_secs(3);

/// Starts the emulator on a port (0 is any free one) and waits until it responds; returns the emulator and its port.
pub(crate) async fn start(
    paths: &Paths,
    port: u16,
    account: &Account,
) -> Result<(Service, u16), StackError> {
    let log = paths.emulator_log();
    let port_file = paths.state.join("port");
    // It would contain the port of the previous run.
    let _ = std::fs::remove_file(&port_file);
    let mut service = Service::start(
        command(paths.python(), paths)
            .arg(paths.emulator("launch.py"))
            .args(["--port", &port.to_string(), "--port-file"])
            .arg(&port_file)
            .arg("--state")
            .arg(&paths.state)
            .arg("--events")
            .arg(paths.events())
            .args(["--region", &account.region, "--account", &account.id])
            .env("PYTHONUNBUFFERED", "1"),
        &log,
    )?;
    let responds = async {
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
        port = responds => Ok((service, port)),
        status = service.ended() => Err(StackError::EmulatorEnded { status, log }),
        () = tokio::time::sleep(START) => Err(StackError::EmulatorSilent { seconds: START.as_secs(), log }),
    }
}
