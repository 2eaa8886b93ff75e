//! The context of every endpoint: the server, its keys and the log entry of the request.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    assertion::{keys::PublishedKeys, used::UsedAssertions},
    capability::{Capabilities, NoRandomness, Timestamp},
    client::{DocumentCache, FetchBudgets, KnownClient, client_digest},
    failure::Failure,
    log::LogEvent,
    oauth::request::Request,
    pages::Pages,
    sealed::{
        cookie,
        seal::{Keyring, OpenFailure, Purpose},
        secret::Secret,
    },
    settings::Settings,
    upstream::{cognito::Cognito, issued::Mismatch},
};

/// Secrets are read again after this time, so that a rotation reaches running instances.
pub(crate) const SECRETS_SECONDS: u64 = 5 * 60;
/// After an unknown key id they are read again, at most this often.
pub(crate) const RELOAD_SECONDS: u64 = 10;
/// If the secrets cannot be read again, the last ones are used this long.
const STALE_SECONDS: u64 = 60 * 60;

/// The authorization server. Between requests it keeps only accepted metadata documents and keys of programs (public),
/// counters of its fetches, digests of used assertions, and its secrets, and no data about people.
pub struct AuthorizationServer {
    pub(crate) settings: Settings,
    pub(crate) capabilities: Capabilities,
    pub(crate) pages: Pages,
    pub(crate) documents: DocumentCache,
    pub(crate) fetches: FetchBudgets,
    pub(crate) published_keys: PublishedKeys,
    pub(crate) used_assertions: UsedAssertions,
    keys: Mutex<Option<Arc<Keys>>>,
    /// Secrets of programs' app clients by ARN, each with the time at which it was read.
    machine_secrets: Mutex<HashMap<String, (Secret, Timestamp)>>,
}

/// Keys in use.
pub(crate) struct Keys {
    pub(crate) keyring: Keyring,
    pub(crate) cognito_client: Option<Secret>,
    at: Timestamp,
}

/// One request with everything that its endpoint works with.
pub(crate) struct Context<'a> {
    pub(crate) server: &'a AuthorizationServer,
    pub(crate) settings: &'a Settings,
    pub(crate) keys: Arc<Keys>,
    pub(crate) request: &'a Request,
    pub(crate) log: &'a mut LogEvent,
    pub(crate) now: Timestamp,
}

impl Context<'_> {
    /// Logs a client that is known here.
    pub(crate) fn log_client(&mut self, kind: &'static str, client_id: &str) {
        self.log.client_registration = Some(kind);
        self.log.client_digest = Some(client_digest(client_id).to_hex());
    }

    /// Logs a client that is known at `/token` or `/revoke`.
    pub(crate) fn log_known_client(&mut self, client: &KnownClient) {
        self.log.client_registration = Some(client.kind);
        self.log.client_digest = Some(client.digest.to_hex());
        self.log.client_host.clone_from(&client.host);
    }

    /// Logs the kind of client from a sealed value as one of the fixed names.
    pub(crate) fn log_client_kind(&mut self, kind: &str) {
        self.log.client_registration = ["preRegistered", "metadataDocument", "registered"]
            .into_iter()
            .find(|known| *known == kind);
    }

    /// Logs tokens of Cognito that were refused, and whether their refresh tokens could be revoked.
    pub(crate) fn log_refused_tokens(&mut self, mismatch: Mismatch, revoked: bool) {
        self.log.mismatch = Some(mismatch.name());
        if !revoked {
            self.log.detail = Some("the refresh token could not be revoked at Cognito");
        }
    }

    /// Seals a value that is valid for some seconds from now on.
    pub(crate) fn seal<T: Serialize>(
        &self,
        purpose: Purpose,
        value: &T,
        bound_to: &[&[u8]],
        seconds: u64,
    ) -> Result<Secret, NoRandomness> {
        let randomness = self.server.capabilities.randomness.as_ref();
        let expires = self.now.plus(seconds);
        self.keys
            .keyring
            .seal(purpose, value, bound_to, expires, randomness)
    }

    /// Opens a value that is valid now.
    pub(crate) fn open<T: DeserializeOwned>(
        &self,
        purpose: Purpose,
        sealed: &str,
        bound_to: &[&[u8]],
    ) -> Result<T, OpenFailure> {
        self.keys.keyring.open(purpose, sealed, bound_to, self.now)
    }

    /// A fresh random value of 256 bits.
    pub(crate) fn random_value(&self) -> Result<Secret, NoRandomness> {
        cookie::random_value(self.server.capabilities.randomness.as_ref())
    }

    /// A fresh identifier of 96 bits: names a cookie, is no secret.
    pub(crate) fn random_id(&self) -> Result<String, NoRandomness> {
        cookie::random_id(self.server.capabilities.randomness.as_ref())
    }

    /// The secret of a program's app client: from memory, or read again when it is old.
    pub(crate) async fn machine_secret(&mut self, arn: &str) -> Result<Secret, Failure> {
        let slot = &self.server.machine_secrets;
        let in_memory = slot
            .lock()
            .ok()
            .and_then(|secrets| secrets.get(arn).cloned());
        let age = in_memory.as_ref().map(|(_, at)| self.now.since(*at));
        if let Some((secret, _)) = in_memory.clone()
            && age.is_some_and(|age| age < SECRETS_SECONDS)
        {
            return Ok(secret);
        }
        match self
            .server
            .capabilities
            .secrets
            .machine_client(arn, self.now)
            .await
        {
            Ok(secret) => {
                if let Ok(mut secrets) = slot.lock() {
                    secrets.insert(arn.to_owned(), (secret.clone(), self.now));
                }
                Ok(secret)
            }
            Err(unavailable) => {
                self.log.detail = Some(unavailable.0);
                in_memory
                    .filter(|_| age.is_some_and(|age| age < STALE_SECONDS))
                    .map(|(secret, _)| secret)
                    .ok_or(Failure::SecretsUnavailable)
            }
        }
    }

    /// Forgets a secret that Cognito has refused: the next request reads it again.
    pub(crate) fn forget_machine_secret(&self, arn: &str) {
        if let Ok(mut secrets) = self.server.machine_secrets.lock() {
            secrets.remove(arn);
        }
    }

    /// Our OAuth client for Cognito.
    pub(crate) fn cognito(&self) -> Cognito<'_> {
        Cognito {
            settings: self.settings,
            transport: self.server.capabilities.cognito.as_ref(),
            client_secret: self.keys.cognito_client.as_ref(),
        }
    }
}

impl AuthorizationServer {
    /// Builds the server. Reads no secret and opens no connection before the first request.
    pub fn new(settings: Settings, capabilities: Capabilities) -> Self {
        Self {
            pages: Pages::new(&settings),
            fetches: FetchBudgets::new(&settings.redirects),
            published_keys: PublishedKeys::new(&settings.machine_clients),
            used_assertions: UsedAssertions::default(),
            settings,
            capabilities,
            documents: DocumentCache::default(),
            keys: Mutex::new(None),
            machine_secrets: Mutex::default(),
        }
    }

    /// The settings it was built with.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The keys: those in memory, or read again when they are older than `limit` seconds.
    pub(crate) async fn keys(
        &self,
        limit: u64,
        log: &mut LogEvent,
        now: Timestamp,
    ) -> Result<Arc<Keys>, Failure> {
        let in_memory = self.keys.lock().ok().and_then(|keys| keys.clone());
        if let Some(keys) = in_memory.as_ref().filter(|keys| now.since(keys.at) < limit) {
            return Ok(Arc::clone(keys));
        }
        match self.capabilities.secrets.load(now).await {
            Ok(stored) => {
                let keyring = Keyring::derive(
                    &self.settings.addresses.issuer.text,
                    &stored.sealing,
                    stored.previous_sealing.as_ref(),
                )
                .ok_or(Failure::SecretsUnavailable)?;
                let keys = Arc::new(Keys {
                    keyring,
                    cognito_client: stored.cognito_client,
                    at: now,
                });
                if let Ok(mut slot) = self.keys.lock() {
                    *slot = Some(Arc::clone(&keys));
                }
                Ok(keys)
            }
            Err(unavailable) => {
                log.detail = Some(unavailable.0);
                in_memory
                    .filter(|keys| now.since(keys.at) < STALE_SECONDS)
                    .ok_or(Failure::SecretsUnavailable)
            }
        }
    }
}
