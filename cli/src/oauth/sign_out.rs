//! Ends a sign-in: revokes the refresh token where the authorization server can, and removes the file.

use std::path::Path;

use reqwest::header::CONTENT_TYPE;
use rmcp::transport::auth::OAuthTokenResponse;
use url::Url;
use url::form_urlencoded::Serializer;

use super::discovery::manager;
use super::error::OAuthError;
use super::store::Store;
use crate::tls;

/// How a sign-out ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignedOut {
    /// There was no sign-in.
    NotSignedIn,
    /// The refresh token is revoked and the file is removed.
    Revoked,
    /// The file is removed; the authorization server has no revocation, or it was not reached.
    Forgotten,
}

/// Forgets the sign-in at `url` in `directory`.
///
/// # Errors
///
/// [`OAuthError::File`] when the file cannot be read or removed.
pub async fn sign_out(url: &Url, directory: &Path) -> Result<SignedOut, OAuthError> {
    tls::use_ring();
    let (store, stored) = Store::of(directory, url).into_stored()?;
    let Some(stored) = stored else {
        return Ok(SignedOut::NotSignedIn);
    };
    let revoked = match &stored.token_response {
        Some(tokens) => revoke(url, &stored.client_id, store.client_secret(), tokens)
            .await
            .is_some(),
        None => false,
    };
    store.remove()?;
    Ok(if revoked {
        SignedOut::Revoked
    } else {
        SignedOut::Forgotten
    })
}

/// Revokes the refresh token (RFC 7009), or the access token when there is none.
async fn revoke(
    url: &Url,
    client_id: &str,
    client_secret: Option<&str>,
    tokens: &OAuthTokenResponse,
) -> Option<()> {
    let manager = manager(url).await.ok()?;
    let metadata = manager.resolve_metadata().await.ok()?.metadata;
    let endpoint = metadata.additional_fields.get("revocation_endpoint")?;
    // The SDK's types hide the secrets; their JSON has them.
    let tokens = serde_json::to_value(tokens).ok()?;
    let token = tokens
        .get("refresh_token")
        .or_else(|| tokens.get("access_token"))?;
    let mut form = Serializer::new(String::new());
    form.append_pair("token", token.as_str()?)
        .append_pair("client_id", client_id);
    if let Some(client_secret) = client_secret {
        form.append_pair("client_secret", client_secret);
    }
    let response = reqwest::Client::new()
        .post(endpoint.as_str()?)
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(form.finish())
        .send()
        .await
        .ok()?;
    response.status().is_success().then_some(())
}
