//! A new access token for a refresh token.

use rmcp::transport::auth::{AuthError, CredentialStore, InMemoryCredentialStore};

use super::credentials::OAuth;
use super::flow::Flow;
use crate::settings::ServerEntry;

/// How a refresh ended.
pub(crate) enum Refreshed {
    /// With new tokens.
    New(Box<OAuth>),
    /// The person has to sign in again.
    Expired,
    /// It may work later.
    Failed(String),
}

impl Flow<'_> {
    /// Refreshes what OAuth gave for `server`.
    pub(crate) async fn refresh(&self, server: &ServerEntry, oauth: &OAuth) -> Refreshed {
        let manager = self.manager(server, oauth.challenge.as_deref()).await;
        let (mut manager, _) = match manager {
            Ok(made) => made,
            Err(error) => return Refreshed::Failed(error.to_string()),
        };
        let tokens = InMemoryCredentialStore::new();
        let prepared = tokens.save(oauth.stored.clone()).await;
        manager.set_credential_store(tokens.clone());
        let client = self.configured(&oauth.stored.client_id, oauth.client_secret.as_deref());
        let prepared = prepared.and_then(|()| manager.configure_client(client));
        if let Err(error) = prepared {
            return Refreshed::Failed(error.to_string());
        }
        match manager.refresh_token().await {
            Ok(_) => {}
            Err(AuthError::AuthorizationRequired | AuthError::TokenRefreshRejected(_)) => {
                return Refreshed::Expired;
            }
            Err(error) => return Refreshed::Failed(error.to_string()),
        }
        match tokens.load().await {
            Ok(Some(stored)) => Refreshed::New(Box::new(OAuth {
                stored,
                ..oauth.clone()
            })),
            Ok(None) | Err(_) => Refreshed::Expired,
        }
    }
}
