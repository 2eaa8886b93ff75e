//! The context of every endpoint: the server, its keys and the log entry of the request.

use std::sync::{Arc, Mutex};

use crate::{
    capability::{Capabilities, Timestamp},
    client::{DocumentCache, FetchBudgets, KnownClient, client_digest},
    failure::Failure,
    pages::Pages,
    sealed::{seal::Keyring, secret::Secret},
    settings::Settings,
    upstream::issued::Mismatch,
};

/// Secrets are read again after this time, so that a rotation reaches running instances.
const SECRETS_SECONDS: u64 = 5 * 60;
/// After an unknown key id they are read again, at most this often.
const RELOAD_SECONDS: u64 = 10;
/// If the secrets cannot be read again, the last ones are used this long.
const STALE_SECONDS: u64 = 60 * 60;

/// The authorization server. Between requests it keeps only accepted metadata documents (public), counters of its
/// fetches, and its keys, and no data about people.
pub struct AuthorizationServer {
    pub(crate) settings: Settings,
    pub(crate) capabilities: Capabilities,
    pub(crate) pages: Pages,
    pub(crate) documents: DocumentCache,
    pub(crate) fetches: FetchBudgets,
    keys: Mutex<Option<Arc<Keys>>>,
}

/// Keys in use.
pub(crate) struct Keys {
    pub(crate) keyring: Keyring,
    pub(crate) cognito_client: Option<Secret>,
    at: Timestamp,
}

/// The log entry of the request.
#[derive(Default)]
pub(crate) struct RequestLog {
    pub(crate) failure: Option<&'static str>,
    pub(crate) mismatch: Option<&'static str>,
    pub(crate) detail: Option<&'static str>,
    pub(crate) client_registration: Option<&'static str>,
    pub(crate) client_digest: Option<String>,
    pub(crate) client_host: Option<String>,
}

impl RequestLog {
    /// A client that is known here.
    pub(crate) fn client(&mut self, kind: &'static str, client_id: &str) {
        self.client_registration = Some(kind);
        self.client_digest = Some(client_digest(client_id).to_hex());
    }

    /// A client that is known at `/token` or `/revoke`.
    pub(crate) fn known_client(&mut self, client: &KnownClient) {
        self.client_registration = Some(client.kind);
        self.client_digest = Some(client.digest.to_hex());
        self.client_host.clone_from(&client.host);
    }

    /// Tokens of Cognito that were refused, and whether their refresh tokens could be revoked.
    pub(crate) fn refused_tokens(&mut self, mismatch: Mismatch, revoked: bool) {
        self.mismatch = Some(mismatch.name());
        if !revoked {
            self.detail = Some("the refresh token could not be revoked at Cognito");
        }
    }

    /// Maps the kind from a sealed value to one of the fixed names.
    pub(crate) fn client_by_name(&mut self, kind: &str) {
        self.client_registration = ["preRegistered", "metadataDocument", "registered"]
            .into_iter()
            .find(|known| *known == kind);
    }
}

impl AuthorizationServer {
    /// Builds the server. Reads no secret and opens no connection before the first request.
    pub fn new(settings: Settings, capabilities: Capabilities) -> Self {
        Self {
            pages: Pages::new(&settings),
            fetches: FetchBudgets::new(&settings.redirects),
            settings,
            capabilities,
            documents: DocumentCache::default(),
            keys: Mutex::new(None),
        }
    }

    /// The settings it was built with.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The keys: those in memory, or read again when they are old or when `outdated` lacks a key that a value names.
    pub(crate) async fn keys(
        &self,
        outdated: Option<&Arc<Keys>>,
        request_log: &mut RequestLog,
        now: Timestamp,
    ) -> Result<Arc<Keys>, Failure> {
        let in_memory = self.keys.lock().ok().and_then(|keys| keys.clone());
        let limit = if outdated.is_some() {
            RELOAD_SECONDS
        } else {
            SECRETS_SECONDS
        };
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
                request_log.detail = Some(unavailable.0);
                in_memory
                    .filter(|keys| now.since(keys.at) < STALE_SECONDS)
                    .ok_or(Failure::SecretsUnavailable)
            }
        }
    }
}
