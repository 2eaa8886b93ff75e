//! The playground as a process of its own, which can be killed.

use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::net::TcpStream;

use super::listener::listener;

/// A process; it ends with the last clone.
#[derive(Clone)]
pub(crate) struct Program {
    pub(crate) origin: String,
    child: Arc<Mutex<Ending>>,
}

struct Ending(Child);

impl Drop for Ending {
    fn drop(&mut self) {
        // An error means that it has ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Program {
    /// Starts a process on a free port and waits until it takes connections.
    pub(crate) async fn start(variables: &[(String, String)]) -> Self {
        loop {
            let (listener, origin) = listener().await;
            let address = listener.local_addr().unwrap();
            drop(listener);
            let child = Command::new(env!("CARGO_BIN_EXE_playground"))
                .env_clear()
                .envs(variables.iter().cloned())
                .env("PLAYGROUND_ORIGIN", &origin)
                .env("PORT", address.port().to_string())
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let child = Arc::new(Mutex::new(Ending(child)));
            let program = Self { origin, child };
            // Another process may have taken the port meanwhile: then this one ends, and the next port is tried.
            while !program.has_ended() {
                if TcpStream::connect(address).await.is_ok() {
                    return program;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    }

    /// Ends it at once, as the operating system does when memory is short (SIGKILL).
    pub(crate) fn kill(&self) {
        let mut child = self.child.lock().unwrap();
        // An error means that it has ended.
        let _ = child.0.kill();
        child.0.wait().unwrap();
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.child.lock().unwrap().0.try_wait().unwrap().is_some()
    }
}
