//! Connects the core with its environment: Lambda events, plain HTTP on loopback, HTTPS clients, Secrets Manager, the
//! system's randomness and the log. All decisions are in the core.

use std::{io::Write, sync::Arc, time::SystemTime};

use ring::rand::{SecureRandom, SystemRandom};

use crate::{
    capability::{Capabilities, EventLog, NoRandomness, Randomness, Timestamp},
    context::AuthorizationServer,
    log::LogEvent,
    settings::Settings,
};

mod event;
mod https;
mod listen;
mod metadata_hosts;
mod secrets;

pub use event::{from_event, into_answer, serve_events};
pub use https::HttpsTransport;
pub use listen::listen;
pub use metadata_hosts::PinnedHosts;
pub use secrets::{InPlaceSecrets, SecretsManager};

/// The only clock, read by `main`.
pub type Clock = fn() -> SystemTime;

/// Why the process cannot start.
pub type StartFailure = Box<dyn std::error::Error + Send + Sync>;

/// The moment of a clock.
pub fn timestamp(time: SystemTime) -> Timestamp {
    Timestamp(
        time.duration_since(SystemTime::UNIX_EPOCH)
            .map_or(0, |elapsed| elapsed.as_secs()),
    )
}

/// The operating system's random bytes.
pub struct SystemRandomness(SystemRandom);

impl Randomness for SystemRandomness {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoRandomness> {
        self.0.fill(buffer).map_err(|_| NoRandomness)
    }
}

/// Writes one line of JSON per request to standard error, which Lambda forwards to CloudWatch.
pub struct LineLog;

impl EventLog for LineLog {
    fn record(&self, event: &LogEvent) {
        if let Ok(mut line) = serde_json::to_vec(event) {
            line.push(b'\n');
            // A failing log must not fail a sign-in.
            let _ = std::io::stderr().write_all(&line);
        }
    }
}

/// Builds the server with the real implementations. Opens no connection.
///
/// # Errors
/// If the local stack's certificate cannot be read.
pub fn server(settings: Settings) -> Result<AuthorizationServer, StartFailure> {
    let https = Arc::new(HttpsTransport::new()?);
    let capabilities = Capabilities {
        randomness: Arc::new(SystemRandomness(SystemRandom::new())),
        cognito: https.clone(),
        metadata_hosts: Arc::new(PinnedHosts::new(
            settings.local_metadata_hosts.certificate.clone(),
        )?),
        secrets: secrets::store(&settings, https),
        log: Arc::new(LineLog),
    };
    Ok(AuthorizationServer::new(settings, capabilities))
}

/// Serves Lambda events, or plain HTTP on loopback when there is no Lambda runtime.
///
/// # Errors
/// If the settings or the address cannot be used.
pub async fn run(settings: Settings, on_lambda: bool, clock: Clock) -> Result<(), StartFailure> {
    let address = settings.listen;
    let server = Arc::new(server(settings)?);
    if on_lambda {
        serve_events(server, clock).await
    } else {
        listen(server, address, clock).await
    }
}
