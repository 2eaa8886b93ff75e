//! Connects the core with its environment: Lambda events, plain HTTP on loopback, HTTPS clients, Secrets Manager, the
//! system's randomness and the log. All decisions are in the core.

use std::{process::ExitCode, sync::Arc};

use mcp_lambda_runtime::{
    https::HttpsClient, log::Log, process::Process, program, start_error::StartError,
};
use ring::rand::{SecureRandom, SystemRandom};

use crate::{
    capability::{Capabilities, EventLog, NoRandomness, Randomness},
    context::AuthorizationServer,
    log::LogEvent,
    settings::{Certificate, Settings},
};

mod clock;
mod event;
mod https;
mod listen;
mod metadata_hosts;
mod secrets;

pub use clock::{Clock, timestamp};
pub use event::{from_event, into_answer};
pub use listen::listen;
pub use metadata_hosts::PinnedHosts;

/// The operating system's random bytes.
pub struct SystemRandomness(SystemRandom);

impl Randomness for SystemRandomness {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoRandomness> {
        self.0.fill(buffer).map_err(|_| NoRandomness)
    }
}

impl EventLog for Log {
    fn record(&self, event: &LogEvent) {
        self.request(event);
    }
}

/// Builds the server with the real implementations, and the log of the process. Opens no connection.
///
/// # Errors
/// If the local stack's certificate cannot be read.
pub fn server(settings: Settings, log: &Log) -> Result<AuthorizationServer, StartError> {
    let https = Arc::new(HttpsClient::new());
    let certificate = settings.edge.certificate.clone();
    let certificate = certificate.map(|Certificate(certificate)| certificate);
    let capabilities = Capabilities {
        randomness: Arc::new(SystemRandomness(SystemRandom::new())),
        cognito: https.clone(),
        metadata_hosts: Arc::new(
            PinnedHosts::new(certificate).map_err(|error| StartError::Server(error.to_string()))?,
        ),
        secrets: secrets::store(settings.secrets.clone(), https),
        log: Arc::new(log.clone()),
    };
    Ok(AuthorizationServer::new(settings, capabilities))
}

/// Serves Lambda events, or plain HTTP on loopback when there is no Lambda runtime, until the process ends.
pub fn run(process: Process) -> ExitCode {
    program::run(&process.log, serve(&process))
}

async fn serve(process: &Process) -> Result<(), StartError> {
    let variables = process.variables.iter();
    let settings =
        Settings::from_variables(variables.map(|(name, value)| (name.clone(), value.clone())))
            .map_err(StartError::Settings)?;
    let address = settings.edge.listen.0;
    let server = Arc::new(server(settings, &process.log)?);
    if process.runtime_api().is_some() {
        event::serve_events(server, process.now).await
    } else {
        listen(server, address, process.now).await
    }
}
