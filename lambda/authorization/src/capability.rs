//! Traits for everything outside of the core except time, which is an argument of every call. The `edge` module
//! implements them for Lambda, and tests implement them in process.

use std::{future::Future, net::IpAddr, pin::Pin, sync::Arc, time::Duration};

use crate::{log::LogEvent, sealed::secret::Secret};

/// A boxed future, so that the traits here stay object safe.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Seconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// This moment plus a number of seconds.
    #[must_use]
    pub fn plus(self, seconds: u64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// The number of seconds since `earlier`, zero if that lies in the future.
    pub fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// The operating system is out of random bytes; the request is refused, without a weaker fallback.
#[derive(Debug, Clone, Copy)]
pub struct NoRandomness;

/// A cryptographically secure source of random bytes.
pub trait Randomness: Send + Sync {
    /// Fills the buffer completely or fails.
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoRandomness>;
}

/// Why an exchange over the network did not complete. Contains no data of the peer, which could include a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TransportFailure {
    /// Name resolution, connection or TLS failed.
    #[error("the host could not be reached")]
    Unreachable,
    /// The deadline passed first.
    #[error("the deadline passed")]
    TimedOut,
    /// The body was longer than the limit.
    #[error("the answer was too large")]
    TooLarge,
}

/// HTTP towards Cognito's token endpoints.
///
/// An implementation must not follow redirects, must verify the server's certificate (except towards loopback over plain
/// HTTP, for the local stack), and must limit time and size.
pub trait CognitoTransport: Send + Sync {
    /// Sends one request and reads the whole response.
    fn send(
        &self,
        request: http::Request<Vec<u8>>,
    ) -> BoxFuture<'_, Result<http::Response<Vec<u8>>, TransportFailure>>;
}

/// Limits of one fetch of a client's metadata document.
#[derive(Debug, Clone, Copy)]
pub struct FetchLimits {
    /// For connection, TLS and body together.
    pub deadline: Duration,
    /// Bytes of the body; one more is [`TransportFailure::TooLarge`].
    pub max_bytes: usize,
}

/// The network as the fetch of a Client ID Metadata Document sees it: resolution and connection are two calls, so that
/// the core can check the addresses in between and connect to exactly the checked one.
pub trait MetadataHosts: Send + Sync {
    /// Every address of a host name.
    fn resolve<'a>(&'a self, host: &'a str)
    -> BoxFuture<'a, Result<Vec<IpAddr>, TransportFailure>>;

    /// `GET` over TLS from exactly this address and port, with the URL's host in SNI, certificate check and `Host`.
    /// No redirect is followed, no content coding is undone.
    fn get<'a>(
        &'a self,
        url: &'a url::Url,
        address: std::net::SocketAddr,
        limits: FetchLimits,
    ) -> BoxFuture<'a, Result<http::Response<Vec<u8>>, TransportFailure>>;
}

/// The stored secrets.
#[derive(Clone, Debug)]
pub struct StoredSecrets {
    /// The secret that sealing keys are derived from; at least 32 characters of high entropy.
    pub sealing: Secret,
    /// The value before the last rotation, still accepted for opening.
    pub previous_sealing: Option<Secret>,
    /// Secret of our Cognito app client; absent for a public client.
    pub cognito_client: Option<Secret>,
}

/// Why the secrets could not be read. Never contains their values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretsUnavailable(pub &'static str);

/// The store of the secrets.
pub trait SecretStore: Send + Sync {
    /// Reads all of them. Called at the first request that needs one, and then every few minutes, never during init.
    fn load(&self, now: Timestamp) -> BoxFuture<'_, Result<StoredSecrets, SecretsUnavailable>>;

    /// Reads the secret of a program's app client, by its ARN. Called only after the program has authenticated with a client
    /// assertion.
    fn machine_client<'a>(
        &'a self,
        arn: &'a str,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Secret, SecretsUnavailable>>;
}

/// The log, with one line per request.
pub trait EventLog: Send + Sync {
    /// Records what happened. [`LogEvent`] has no field that could hold a secret, code or token.
    fn record(&self, event: &LogEvent);
}

/// Everything the core needs from outside.
#[derive(Clone)]
pub struct Capabilities {
    /// Random bytes.
    pub randomness: Arc<dyn Randomness>,
    /// HTTP towards Cognito.
    pub cognito: Arc<dyn CognitoTransport>,
    /// Fetches of clients' metadata documents.
    pub metadata_hosts: Arc<dyn MetadataHosts>,
    /// The secrets.
    pub secrets: Arc<dyn SecretStore>,
    /// The log.
    pub log: Arc<dyn EventLog>,
}
