//! The sign-in, step by step: stored tokens, discovery, registration, browser, code, tokens.

use rmcp::transport::auth::{
    AuthorizationManager, ClientCredentialsConfig, OAuthClientConfig, StoredCredentials,
};
use url::Url;

use super::assertion::{Server, access_token};
use super::authorized::Authorized;
use super::callback::{Listener, Page, Redirect};
use super::discovery::{Access, discover, manager, probe};
use super::error::OAuthError;
use super::options::{Identity, Options, ProgramCredentials, Secret};
use super::store::Store;

use crate::causes::causes;
use crate::tls;

/// The name of this client in consent pages.
const CLIENT_NAME: &str = "mcp-lambda";

/// Signs in to the MCP server at `url`: with the tokens of an earlier sign-in if they still serve, else in the browser, or
/// with client credentials. A server that wants no access token needs no sign-in.
///
/// # Errors
///
/// See [`OAuthError`].
pub async fn sign_in(url: &Url, options: &Options) -> Result<Authorized, OAuthError> {
    tls::use_ring();
    let http = reqwest::Client::new();
    match &options.identity {
        Identity::Program {
            client_id,
            credentials,
        } => program(url, options, http, client_id, credentials).await,
        Identity::Person { client_id, .. } => {
            let (store, stored) = Store::of(&options.directory, url).into_stored()?;
            let stored = stored.filter(|stored| {
                client_id
                    .as_ref()
                    .is_none_or(|client_id| *client_id == stored.client_id)
            });
            if let Some(stored) = &stored
                && covers(stored, &options.scopes)
                && let Some(manager) = resume(url, store.clone(), stored).await?
            {
                return Ok(Authorized::with_manager(url, http, manager, true));
            }
            match probe(&http, url).await? {
                Access::Open => Ok(Authorized::open(url, http)),
                Access::Protected { challenge } => {
                    let granted = stored.map(|stored| stored.granted_scopes);
                    let manager =
                        person(url, options, challenge, granted.unwrap_or_default()).await?;
                    Ok(Authorized::with_manager(url, http, manager, true))
                }
            }
        }
    }
}

/// Whether these OAuth scopes were all granted.
fn covers(stored: &StoredCredentials, scopes: &[String]) -> bool {
    scopes
        .iter()
        .all(|scope| stored.granted_scopes.contains(scope))
}

/// The stored sign-in, unless it has expired or belongs to another authorization server.
async fn resume(
    url: &Url,
    store: Store,
    stored: &StoredCredentials,
) -> Result<Option<AuthorizationManager>, OAuthError> {
    let mut manager = manager(url).await?;
    let client_secret = store.client_secret().map(str::to_owned);
    manager.set_credential_store(store);
    discover(&mut manager, url, None).await?;
    let same_server = manager
        .initialize_from_store()
        .await
        .map_err(OAuthError::metadata(url))?;
    if !same_server {
        return Ok(None);
    }
    if let Some(secret) = client_secret {
        // The redirect URI takes no part in a refresh.
        let client =
            OAuthClientConfig::new(&stored.client_id, url.as_str()).with_client_secret(secret);
        manager
            .configure_client(client)
            .map_err(OAuthError::metadata(url))?;
    }
    match manager.get_access_token().await {
        Ok(_) => Ok(Some(manager)),
        Err(rmcp::transport::auth::AuthError::AuthorizationRequired) => Ok(None),
        Err(error) => Err(OAuthError::access_token(url)(error)),
    }
}

/// Signs a program in. Its access token is kept nowhere.
async fn program(
    url: &Url,
    options: &Options,
    http: reqwest::Client,
    client_id: &str,
    credentials: &ProgramCredentials,
) -> Result<Authorized, OAuthError> {
    let challenge = match probe(&http, url).await? {
        Access::Open => return Ok(Authorized::open(url, http)),
        Access::Protected { challenge } => challenge,
    };
    let mut manager = manager(url).await?;
    discover(&mut manager, url, challenge.as_deref()).await?;
    let Secret(client_secret) = match credentials {
        ProgramCredentials::Secret(secret) => secret,
        ProgramCredentials::Assertion(assertion) => {
            let found = manager.resolve_metadata().await;
            let found = found.map_err(OAuthError::metadata(url))?.metadata;
            let server = Server {
                issuer: found.issuer,
                token_endpoint: found.token_endpoint,
            };
            let token = access_token(url, options, client_id, assertion, &server).await?;
            return Ok(Authorized::with_access_token(url, &token));
        }
    };
    let config = ClientCredentialsConfig::ClientSecret {
        client_id: client_id.to_owned(),
        client_secret: client_secret.clone(),
        scopes: options.scopes.clone(),
        resource: Some(url.to_string()),
    };
    manager
        .configure_client_credentials(&config)
        .map_err(OAuthError::metadata(url))?;
    manager
        .exchange_client_credentials(&config)
        .await
        .map_err(OAuthError::access_token(url))?;
    Ok(Authorized::with_manager(url, http, manager, false))
}

/// Signs a person in, in the browser.
async fn person(
    url: &Url,
    options: &Options,
    challenge: Option<String>,
    granted: Vec<String>,
) -> Result<AuthorizationManager, OAuthError> {
    let mut manager = manager(url).await?;
    discover(&mut manager, url, challenge.as_deref()).await?;
    let scopes = if options.scopes.is_empty() {
        manager.select_initial_scopes(&[]).await
    } else {
        let mut scopes = granted;
        let new = options
            .scopes
            .iter()
            .filter(|scope| !scopes.contains(scope));
        let new: Vec<String> = new.cloned().collect();
        scopes.extend(new);
        scopes
    };
    let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
    let mut listener = Listener::on(options.callback_port).await?;
    let client = client(&mut manager, url, options, &listener.redirect_uri, &scopes).await?;
    let store = Store::of(&options.directory, url).with_client_secret(client.client_secret.clone());
    manager.set_credential_store(store);
    manager
        .configure_client(client)
        .map_err(OAuthError::metadata(url))?;
    let page = manager
        .get_authorization_url(&scopes)
        .await
        .map_err(OAuthError::metadata(url))?;
    let page = Url::parse(&page).map_err(|error| OAuthError::Metadata {
        url: url.clone(),
        cause: format!("the authorization endpoint is no URL ({error})"),
    })?;
    let state = page
        .query_pairs()
        .find_map(|(name, value)| (name == "state").then(|| value.into_owned()))
        .unwrap_or_default();
    (options.visit)(&page);
    let ended = finish(url, options, &manager, &mut listener, &state).await;
    listener.close().await;
    ended.map(|()| manager)
}

/// Waits for the redirect and redeems its code; the browser shows the outcome.
async fn finish(
    url: &Url,
    options: &Options,
    manager: &AuthorizationManager,
    listener: &mut Listener,
    state: &str,
) -> Result<(), OAuthError> {
    let redirect = tokio::time::timeout(options.patience, listener.redirect(state)).await;
    let Ok(Some(redirect)) = redirect else {
        return Err(OAuthError::TimedOut {
            url: url.clone(),
            minutes: options.patience.as_secs() / 60,
        });
    };
    match redeem(url, manager, &redirect, state).await {
        Ok(()) => {
            redirect.show(Page::signed_in(url.host_str().unwrap_or_default()));
            Ok(())
        }
        Err(error) => {
            redirect.show(Page::failed(error.to_string()));
            Err(error)
        }
    }
}

async fn redeem(
    url: &Url,
    manager: &AuthorizationManager,
    redirect: &Redirect,
    state: &str,
) -> Result<(), OAuthError> {
    if let Some(error) = redirect.parameter("error") {
        return Err(OAuthError::Refused {
            url: url.clone(),
            cause: redirect.parameter("error_description").map_or_else(
                || error.to_owned(),
                |description| format!("{error} ({description})"),
            ),
        });
    }
    let code = redirect.parameter("code").unwrap_or_default();
    manager
        .exchange_code_for_token_with_issuer(code, state, redirect.parameter("iss"))
        .await
        .map(drop)
        .map_err(OAuthError::access_token(url))
}

/// The OAuth client: the one that was named, else by its metadata document, else registered now.
async fn client(
    manager: &mut AuthorizationManager,
    url: &Url,
    options: &Options,
    redirect_uri: &str,
    scopes: &[&str],
) -> Result<OAuthClientConfig, OAuthError> {
    let (client_id, document) = match &options.identity {
        Identity::Person {
            client_id,
            metadata_document,
        } => (client_id.clone(), metadata_document.as_ref()),
        Identity::Program { client_id, .. } => (Some(client_id.clone()), None),
    };
    if let Some(client_id) = client_id {
        return Ok(OAuthClientConfig::new(client_id, redirect_uri));
    }
    if let Some(document) = document
        && takes_metadata_documents(manager, url).await?
    {
        return Ok(OAuthClientConfig::new(document.as_str(), redirect_uri));
    }
    manager
        .register_client(CLIENT_NAME, redirect_uri, scopes)
        .await
        .map_err(|error| OAuthError::Registration {
            url: url.clone(),
            cause: causes(&error),
        })
}

/// Whether the authorization server says that a client's id can be the URL of its metadata document.
async fn takes_metadata_documents(
    manager: &AuthorizationManager,
    url: &Url,
) -> Result<bool, OAuthError> {
    let found = manager
        .resolve_metadata()
        .await
        .map_err(OAuthError::metadata(url))?;
    let supported = found
        .metadata
        .additional_fields
        .get("client_id_metadata_document_supported");
    Ok(supported.and_then(serde_json::Value::as_bool) == Some(true))
}
