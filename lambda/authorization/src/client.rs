//! Resolves OAuth clients, in the order in which the MCP specification prefers them: pre-registered, Client ID Metadata
//! Document, dynamically registered. The form of the `client_id` determines the kind.

use crate::{
    capability::Timestamp,
    failure::Failure,
    sealed::{
        seal::{Keyring, OpenFailure, Purpose},
        secret::{Digest, Secret},
    },
    settings::{PreRegisteredClient, Settings},
};

mod cache;
pub(crate) mod document;
pub(crate) mod document_problem;
mod fetch;
pub(crate) mod identifier;
mod name;
pub(crate) mod refused;
mod registration;
mod resolved;

pub(crate) use cache::{DocumentCache, FetchBudgets};
pub use document_problem::DocumentProblem;
pub(crate) use fetch::{address_of, fetch_document};
pub(crate) use identifier::{client_digest, document_url, is_url};
pub use mcp_lambda_runtime::public_address::is_public;
pub(crate) use name::harmless_name;
pub use refused::RefusedClients;
pub(crate) use registration::Registration;
pub(crate) use resolved::{Client, ClientKind};

/// The data about a client for `/token` and `/revoke`. Built without a fetch: codes and refresh tokens are bound to the
/// `client_id` itself.
#[derive(Debug, Clone)]
pub(crate) struct KnownClient {
    pub(crate) digest: Digest,
    pub(crate) kind: &'static str,
    /// Host of its metadata document.
    pub(crate) host: Option<String>,
    /// The scopes that it may have; all if `None`.
    pub(crate) scopes: Option<Vec<String>>,
    /// Digests of its secrets; none for a client that authenticates by PKCE and possession alone.
    pub(crate) secret_digests: Vec<Digest>,
}

impl KnownClient {
    /// Whether it may still have all of these scopes: the operator may have limited it since they were granted.
    pub(crate) fn may_have(&self, granted: &[String]) -> bool {
        self.scopes
            .as_ref()
            .is_none_or(|allowed| granted.iter().all(|scope| allowed.contains(scope)))
    }

    /// Checks what the client presented. Secrets are compared by digest, in constant time, every one of the list.
    pub(crate) fn authenticate(&self, presented: Option<&Secret>) -> Result<(), Failure> {
        let Some(secret) = presented else {
            let public = self.secret_digests.is_empty();
            return if public {
                Ok(())
            } else {
                Err(Failure::ClientAuthenticationMissing)
            };
        };
        if self.secret_digests.is_empty() {
            return Err(Failure::ClientAuthenticationUnexpected);
        }
        let presented = Digest::of(secret.expose().as_bytes());
        let digests = self.secret_digests.iter();
        let matches = digests.fold(false, |found, digest| found | (*digest == presented));
        matches
            .then_some(())
            .ok_or(Failure::ClientAuthenticationWrong)
    }
}

pub(crate) fn pre_registered<'a>(
    settings: &'a Settings,
    client_id: &str,
) -> Option<&'a PreRegisteredClient> {
    settings
        .edge
        .clients
        .0
        .iter()
        .find(|client| client.client_id == client_id)
}

/// Opens a registration that we sealed, if the settings still permit it: a registration that is switched off or whose
/// lifetime is shortened ends the earlier ones as well.
pub(crate) fn open_registration(
    settings: &Settings,
    keyring: &Keyring,
    client_id: &str,
    now: Timestamp,
) -> Result<Registration, Failure> {
    let registration: Registration = keyring
        .open(Purpose::ClientRegistration, client_id, &[], now)
        .map_err(|failure: OpenFailure| {
            failure.or(Failure::ClientExpired, Failure::ClientUnknown)
        })?;
    if !settings.choices.registration_enabled {
        return Err(Failure::RegisteredClientsOff);
    }
    if now.since(Timestamp(registration.issued_at)) >= settings.choices.registration_lifetime.0 {
        return Err(Failure::ClientExpired);
    }
    Ok(registration)
}
