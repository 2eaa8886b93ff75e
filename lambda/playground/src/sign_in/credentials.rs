//! What is kept of a sign-in.

use rmcp::transport::auth::StoredCredentials;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How a server is called.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Credentials {
    /// With what OAuth gave.
    OAuth(Box<OAuth>),
    /// With a token that the person pasted.
    Pasted(String),
}

/// What OAuth gave.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OAuth {
    pub(crate) stored: StoredCredentials,
    /// Set when the registration gave one.
    pub(crate) client_secret: Option<String>,
    /// The challenge that led to the authorization server.
    pub(crate) challenge: Option<String>,
}

/// A token is refreshed this long before its end.
const MARGIN: u64 = 30;

impl Credentials {
    /// The access token, unless it is known to have expired at `now`.
    pub(crate) fn fresh(&self, now: u64) -> Option<String> {
        match self {
            Self::Pasted(token) => Some(token.clone()),
            Self::OAuth(oauth) => oauth.fresh(now),
        }
    }
}

impl OAuth {
    fn fresh(&self, now: u64) -> Option<String> {
        let lifetime = self.member("expires_in").and_then(|value| value.as_u64());
        let received = self.stored.token_received_at;
        if let (Some(lifetime), Some(received)) = (lifetime, received)
            && now + MARGIN.min(lifetime / 2) >= received + lifetime
        {
            return None;
        }
        self.access_token()
    }

    /// The access token, whether or not it has expired.
    pub(crate) fn access_token(&self) -> Option<String> {
        self.string("access_token")
    }

    /// The refresh token, or the access token when there is none: what a revocation ends.
    pub(super) fn revocable(&self) -> Option<String> {
        self.string("refresh_token").or_else(|| self.access_token())
    }

    fn string(&self, name: &str) -> Option<String> {
        self.member(name)?.as_str().map(str::to_owned)
    }

    /// The SDK's types hide the secrets; their JSON has them.
    fn member(&self, name: &str) -> Option<Value> {
        let tokens = serde_json::to_value(self.stored.token_response.as_ref()?).ok()?;
        tokens.get(name).cloned()
    }
}
