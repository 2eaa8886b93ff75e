//! Ends a sign-in at its authorization server (RFC 7009).

use std::time::Duration;

use form_urlencoded::Serializer;
use reqwest::header::CONTENT_TYPE;
use url::Url;

use super::credentials::OAuth;
use super::flow::Flow;
use crate::settings::ServerEntry;

const PATIENCE: Duration = Duration::from_secs(5);

impl Flow<'_> {
    /// Revokes the refresh token, or the access token when there is none. Returns whether the authorization server did it.
    pub(crate) async fn revoke(&self, server: &ServerEntry, oauth: &OAuth) -> bool {
        let revoking = tokio::time::timeout(PATIENCE, self.try_revoke(server, oauth));
        matches!(revoking.await, Ok(Some(true)))
    }

    async fn try_revoke(&self, server: &ServerEntry, oauth: &OAuth) -> Option<bool> {
        let manager = self.manager(server, oauth.challenge.as_deref()).await;
        let (_, metadata) = manager.ok()?;
        let endpoint = metadata.additional_fields.get("revocation_endpoint")?;
        let endpoint = Url::parse(endpoint.as_str()?).ok()?;
        self.network.check(&endpoint).ok()?;
        let form = form(oauth)?;
        let request = self.network.client().ok()?.post(endpoint);
        let response = request
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form)
            .send()
            .await
            .ok()?;
        Some(response.status().is_success())
    }
}

fn form(oauth: &OAuth) -> Option<String> {
    let mut form = Serializer::new(String::new());
    form.append_pair("token", &oauth.revocable()?)
        .append_pair("client_id", &oauth.stored.client_id);
    if let Some(secret) = &oauth.client_secret {
        form.append_pair("client_secret", secret);
    }
    Some(form.finish())
}
