//! The contents of the sealed values of one sign-in. None of these types has `Debug`.

use serde::{Deserialize, Serialize};

use crate::{
    oauth::redirect::RedirectUri,
    sealed::secret::{Digest, Secret},
};

/// How long the consent page and the sign-in behind it may take, in seconds each.
pub(crate) const SIGN_IN_SECONDS: u64 = 10 * 60;

/// What a client asked for at `/authorize`, after the checks.
#[derive(Serialize, Deserialize)]
pub(crate) struct ClientRequest {
    #[serde(rename = "k")]
    pub(crate) client_kind: String,
    #[serde(rename = "r")]
    pub(crate) redirect_uri: RedirectUri,
    #[serde(rename = "s")]
    pub(crate) state: Option<Secret>,
    #[serde(rename = "h")]
    pub(crate) challenge: String,
    #[serde(rename = "p")]
    pub(crate) scopes: Vec<String>,
    #[serde(rename = "n")]
    pub(crate) nonce: Option<Secret>,
}

/// The request that the consent page shows, in a hidden field of its form.
#[derive(Serialize, Deserialize)]
pub(crate) struct ConsentRequest {
    #[serde(rename = "c")]
    pub(crate) client_id: String,
    #[serde(flatten)]
    pub(crate) request: ClientRequest,
    /// Digest of the cookie of the browser that the page was sent to.
    #[serde(rename = "b")]
    pub(crate) browser: Digest,
}

/// An approved request, in Cognito's `state`.
#[derive(Serialize, Deserialize)]
pub(crate) struct Transaction {
    /// Names the cookie.
    #[serde(rename = "i")]
    pub(crate) id: String,
    /// Digest of the cookie that the approval set.
    #[serde(rename = "a")]
    pub(crate) approval: Digest,
    #[serde(rename = "c")]
    pub(crate) client: Digest,
    #[serde(flatten)]
    pub(crate) request: ClientRequest,
    /// Our own PKCE verifier towards Cognito.
    #[serde(rename = "v")]
    pub(crate) upstream_verifier: Secret,
}

/// A sign-in without a client, in Cognito's `state`. It ends on the account page, and its tokens are revoked at once.
#[derive(Serialize, Deserialize)]
pub(crate) struct AccountSignIn {
    /// Names the cookie.
    #[serde(rename = "i")]
    pub(crate) id: String,
    /// Digest of the cookie that was set when it began.
    #[serde(rename = "a")]
    pub(crate) approval: Digest,
    /// Our own PKCE verifier towards Cognito.
    #[serde(rename = "v")]
    pub(crate) upstream_verifier: Secret,
}

/// Our code: bound to client and challenge by its associated data.
#[derive(Serialize, Deserialize)]
pub(crate) struct AuthorizationCode {
    #[serde(rename = "u")]
    pub(crate) upstream_code: Secret,
    #[serde(rename = "v")]
    pub(crate) upstream_verifier: Secret,
    #[serde(rename = "n")]
    pub(crate) nonce: Option<Secret>,
    #[serde(rename = "p")]
    pub(crate) scopes: Vec<String>,
    /// Inside and not in the associated data, because OAuth 2.1 took `redirect_uri` out of the token request: it is compared
    /// if it is sent.
    #[serde(rename = "r")]
    pub(crate) redirect_uri: RedirectUri,
}

impl AuthorizationCode {
    /// What the code is bound to.
    pub(crate) fn binding<'a>(client: &'a Digest, challenge: &'a str) -> [&'a [u8]; 2] {
        [client.bytes(), challenge.as_bytes()]
    }
}

/// Cognito's refresh token, bound to the client by its associated data.
#[derive(Serialize, Deserialize)]
pub(crate) struct RefreshToken {
    #[serde(rename = "u")]
    pub(crate) upstream: Secret,
    /// What the person consented to, however few of them the access tokens have.
    #[serde(rename = "p")]
    pub(crate) scopes: Vec<String>,
    /// Digest of the person's `sub`: every later access token must have the same.
    #[serde(rename = "s")]
    pub(crate) subject: Digest,
    /// When the person signed in, in seconds since the Unix epoch. A refresh does not change it.
    #[serde(rename = "t")]
    pub(crate) signed_in_at: u64,
}

/// All that a revocation needs of a refresh token, so that those sealed by earlier versions can be revoked as well.
#[derive(Deserialize)]
pub(crate) struct RevocableToken {
    #[serde(rename = "u")]
    pub(crate) upstream: Secret,
}
