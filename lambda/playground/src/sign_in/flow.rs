//! The steps of a sign-in: the way to the consent page, and the way back.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{ACCEPT, CONTENT_TYPE, WWW_AUTHENTICATE};
use rmcp::transport::auth::{
    AuthorizationManager, AuthorizationMetadata, AuthorizationMetadataSource, CredentialStore,
    InMemoryCredentialStore, InMemoryStateStore, OAuthClientConfig, StateStore,
    StoredAuthorizationState,
};
use serde::{Deserialize, Serialize};
use url::Url;

use super::credentials::OAuth;
use super::error::{SignInError, causes};
use crate::network::Network;
use crate::settings::{ServerEntry, Settings};

const PROBE: Duration = Duration::from_secs(10);

/// Signs in to servers.
#[derive(Clone, Copy)]
pub(crate) struct Flow<'a> {
    pub(crate) network: &'a Network,
    pub(crate) settings: &'a Settings,
}

/// What a sign-in begins with.
pub(crate) enum Begun {
    /// The server wants no access token.
    Open,
    /// The person goes to this page.
    Page {
        /// The page.
        url: Url,
        /// What the redirect comes back with.
        state: String,
        /// What is kept until then.
        pending: Box<Pending>,
    },
}

/// What is kept of a sign-in until the redirect comes back.
#[derive(Serialize, Deserialize)]
pub(crate) struct Pending {
    pub(crate) server: ServerEntry,
    client_id: String,
    client_secret: Option<String>,
    challenge: Option<String>,
    state: StoredAuthorizationState,
    /// The page that the person came from.
    pub(crate) return_to: String,
}

impl Flow<'_> {
    /// Finds the authorization server and makes the URL of its consent page. `scopes` are those that the person needs; with none,
    /// they are those that the server's challenge or metadata names.
    pub(crate) async fn begin(
        &self,
        server: &ServerEntry,
        scopes: &[String],
        return_to: &str,
    ) -> Result<Begun, SignInError> {
        let challenge = match self.probe(server).await? {
            None => return Ok(Begun::Open),
            Some(challenge) => Some(challenge).filter(|challenge| !challenge.is_empty()),
        };
        let (mut manager, metadata) = self.manager(server, challenge.as_deref()).await?;
        let failed = |error| SignInError::Metadata {
            server: server.name.clone(),
            cause: causes(&error),
        };
        let scopes = match scopes {
            [] => manager.select_initial_scopes(&[]).await,
            scopes => scopes.to_vec(),
        };
        let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
        let client = self
            .client(&mut manager, &metadata, server, &scopes)
            .await?;
        let states = InMemoryStateStore::new();
        manager.set_state_store(states.clone());
        let (client_id, client_secret) = (client.client_id.clone(), client.client_secret.clone());
        manager.configure_client(client).map_err(failed)?;
        let url = manager
            .get_authorization_url(&scopes)
            .await
            .map_err(failed)?;
        let unusable = || SignInError::Metadata {
            server: server.name.clone(),
            cause: "the authorization endpoint is no URL".to_owned(),
        };
        let url = Url::parse(&url).map_err(|_| unusable())?;
        let state = url
            .query_pairs()
            .find_map(|(name, value)| (name == "state").then(|| value.into_owned()))
            .ok_or_else(unusable)?;
        let stored = states.load(&state).await.map_err(failed)?;
        let pending = Box::new(Pending {
            server: server.clone(),
            client_id,
            client_secret,
            challenge,
            state: stored.ok_or_else(unusable)?,
            return_to: return_to.to_owned(),
        });
        Ok(Begun::Page {
            url,
            state,
            pending,
        })
    }

    /// Redeems the code of the redirect, whose parameters are `query`. Also returns where the keys of the issuer are.
    pub(crate) async fn finish(
        &self,
        pending: Pending,
        query: &HashMap<String, String>,
    ) -> Result<(OAuth, Option<String>), SignInError> {
        let server = &pending.server;
        if let Some(error) = query.get("error") {
            let cause = match query.get("error_description") {
                Some(description) => format!("{error} ({description})"),
                None => error.clone(),
            };
            let server = server.name.clone();
            return Err(SignInError::Refused { server, cause });
        }
        let failed = |error| SignInError::NoToken {
            server: server.name.clone(),
            cause: causes(&error),
        };
        let (mut manager, metadata) = self.manager(server, pending.challenge.as_deref()).await?;
        let (tokens, states) = (InMemoryCredentialStore::new(), InMemoryStateStore::new());
        manager.set_credential_store(tokens.clone());
        manager.set_state_store(states.clone());
        let state = pending.state.csrf_token.clone();
        states.save(&state, pending.state).await.map_err(failed)?;
        let client = self.configured(&pending.client_id, pending.client_secret.as_deref());
        manager.configure_client(client).map_err(failed)?;
        let code = query.get("code").map(String::as_str).unwrap_or_default();
        let issuer = query.get("iss").map(String::as_str);
        manager
            .exchange_code_for_token_with_issuer(code, &state, issuer)
            .await
            .map_err(failed)?;
        let stored = tokens.load().await.map_err(failed)?;
        let stored = stored.ok_or_else(|| SignInError::NoToken {
            server: server.name.clone(),
            cause: "the response has no token".to_owned(),
        })?;
        let oauth = OAuth {
            stored,
            client_secret: pending.client_secret,
            challenge: pending.challenge,
        };
        Ok((oauth, metadata.jwks_uri))
    }

    /// A manager for the server, with the metadata of its authorization server.
    pub(super) async fn manager(
        &self,
        server: &ServerEntry,
        challenge: Option<&str>,
    ) -> Result<(AuthorizationManager, AuthorizationMetadata), SignInError> {
        let failed = |error| SignInError::Metadata {
            server: server.name.clone(),
            cause: causes(&error),
        };
        let network = Arc::new(self.network.clone());
        let made = AuthorizationManager::new_with_oauth_http_client(server.url.as_str(), network);
        let mut manager = made.await.map_err(failed)?;
        let found = manager.resolve_metadata_from_challenge(challenge).await;
        let found = found.map_err(failed)?;
        if found.source == AuthorizationMetadataSource::LegacyEndpointFallback {
            return Err(SignInError::NoMetadata(server.name.clone()));
        }
        manager.set_metadata(found.metadata.clone());
        Ok((manager, found.metadata))
    }

    pub(super) fn configured(&self, id: &str, secret: Option<&str>) -> OAuthClientConfig {
        let client = OAuthClientConfig::new(id, self.settings.redirect_uri());
        let client = client.with_application_type("web");
        match secret {
            Some(secret) => client.with_client_secret(secret),
            None => client,
        }
    }

    /// The page as an OAuth client: by its metadata document where the authorization server takes one, else registered now.
    async fn client(
        &self,
        manager: &mut AuthorizationManager,
        metadata: &AuthorizationMetadata,
        server: &ServerEntry,
        scopes: &[&str],
    ) -> Result<OAuthClientConfig, SignInError> {
        let takes_documents = metadata
            .additional_fields
            .get("client_id_metadata_document_supported")
            .and_then(serde_json::Value::as_bool);
        if let (Some(true), Some(document)) = (takes_documents, self.settings.client_document()) {
            return Ok(self.configured(&document, None));
        }
        let registered = manager
            .register_client(&self.settings.title, &self.settings.redirect_uri(), scopes)
            .await;
        registered.map_err(|error| SignInError::Registration {
            server: server.name.clone(),
            cause: causes(&error),
        })
    }

    /// The challenge of a request without an access token; `None` if the server wants none.
    async fn probe(&self, server: &ServerEntry) -> Result<Option<String>, SignInError> {
        let unreachable = |cause: String| SignInError::Unreachable {
            server: server.name.clone(),
            cause,
        };
        let url = Url::parse(&server.url).map_err(|error| unreachable(error.to_string()))?;
        let checked = self.network.check_name(&url).await;
        checked.map_err(|error| unreachable(error.to_string()))?;
        let request = self.network.client().map_err(unreachable)?.post(url);
        let response = request
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json, text/event-stream")
            .body(r#"{"jsonrpc":"2.0","id":0,"method":"ping"}"#)
            .timeout(PROBE)
            .send()
            .await
            .map_err(|error| unreachable(error.without_url().to_string()))?;
        if response.status() != StatusCode::UNAUTHORIZED {
            return Ok(None);
        }
        let challenges = response.headers().get_all(WWW_AUTHENTICATE).iter();
        let mut challenges = challenges.filter_map(|value| value.to_str().ok());
        let bearer = challenges.find(|value| value.to_ascii_lowercase().starts_with("bearer"));
        Ok(Some(bearer.unwrap_or_default().to_owned()))
    }
}
