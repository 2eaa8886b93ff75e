//! Compares the tokens that Cognito issued with the consent, before a client gets any of them.
//!
//! Between our consent page and Cognito the browser holds a URL with `scope` and `resource`, and the person at the browser
//! can edit both. Only the tokens themselves say what Cognito has bound them to, so the sealed grant is compared with them
//! at every redemption and every refresh.
//!
//! Signatures are not checked: every token comes straight from Cognito's token endpoint, over TLS whose certificate the
//! transport verifies (OpenID Connect Core section 3.1.3.7, item 6). The gateway and the MCP server verify them again.

use std::time::{Duration, UNIX_EPOCH};

use mcp_lambda_token::{claims::is_issuer, jwt::claims_without_verification};
use openidconnect::{
    ClientId, IssuerUrl, JsonWebKeySet, Nonce,
    core::{CoreIdToken, CoreIdTokenVerifier},
};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    capability::Timestamp,
    sealed::secret::{Digest, Secret},
    settings::Settings,
    upstream::tokens::UpstreamTokens,
};

/// How a token of Cognito differs from what was consented to: a closed list of names for the log. None of them holds a
/// value of the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mismatch {
    AccessTokenNotJwt,
    NotAccessToken,
    OtherIssuer,
    OtherClient,
    NoAudience,
    OtherAudience,
    SeveralAudiences,
    NoScope,
    MoreScopes,
    NoSubject,
    OtherSubject,
    Expired,
    NoIdToken,
    IdTokenNotOfSignIn,
    IdTokenOtherSubject,
}

impl Mismatch {
    /// Stable identifier for the log.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::AccessTokenNotJwt => "AccessTokenNotJwt",
            Self::NotAccessToken => "NotAccessToken",
            Self::OtherIssuer => "OtherIssuer",
            Self::OtherClient => "OtherClient",
            Self::NoAudience => "NoAudience",
            Self::OtherAudience => "OtherAudience",
            Self::SeveralAudiences => "SeveralAudiences",
            Self::NoScope => "NoScope",
            Self::MoreScopes => "MoreScopes",
            Self::NoSubject => "NoSubject",
            Self::OtherSubject => "OtherSubject",
            Self::Expired => "Expired",
            Self::NoIdToken => "NoIdToken",
            Self::IdTokenNotOfSignIn => "IdTokenNotOfSignIn",
            Self::IdTokenOtherSubject => "IdTokenOtherSubject",
        }
    }
}

/// The claims of an access token that are checked. A claim of another type than expected counts as another value; a
/// claim that is there twice makes the payload unreadable.
#[derive(Default, Deserialize)]
#[serde(default)]
struct AccessClaims {
    token_use: Value,
    iss: Value,
    client_id: Value,
    aud: Value,
    scope: Value,
    sub: Value,
    exp: Value,
}

impl AccessClaims {
    /// Reads the payload of a signed JWT in compact form (RFC 7519 section 7.2).
    fn read(token: &Secret) -> Result<Self, Mismatch> {
        claims_without_verification(token.expose())
            .filter(|_| !token.expose().ends_with('.'))
            .ok_or(Mismatch::AccessTokenNotJwt)
    }

    /// An access token of this user pool for `client_id` that has not expired.
    fn check(&self, settings: &Settings, client_id: &str, now: Timestamp) -> Result<(), Mismatch> {
        if self.token_use != "access" {
            return Err(Mismatch::NotAccessToken);
        }
        if !self
            .iss
            .as_str()
            .is_some_and(|issuer| is_issuer(issuer, &settings.addresses.pool_issuer.text))
        {
            return Err(Mismatch::OtherIssuer);
        }
        if self.client_id != client_id {
            return Err(Mismatch::OtherClient);
        }
        if self.exp.as_u64().is_none_or(|end| end <= now.0) {
            return Err(Mismatch::Expired);
        }
        Ok(())
    }

    /// The one audience. An array of one is the same as a string (RFC 7519 section 4.1.3).
    fn audience(&self) -> Result<&str, Mismatch> {
        let only = match self.aud.as_array().map(Vec::as_slice) {
            None => &self.aud,
            Some([only]) => only,
            Some([]) => return Err(Mismatch::NoAudience),
            Some(_) => return Err(Mismatch::SeveralAudiences),
        };
        if only.is_null() {
            return Err(Mismatch::NoAudience);
        }
        only.as_str().ok_or(Mismatch::OtherAudience)
    }

    /// The scopes, one at least and none that is not permitted.
    fn scopes(&self, permitted: impl Fn(&str) -> bool) -> Result<Vec<String>, Mismatch> {
        let scopes: Vec<String> = self
            .scope
            .as_str()
            .unwrap_or_default()
            .split_ascii_whitespace()
            .map(str::to_owned)
            .collect();
        if scopes.is_empty() {
            Err(Mismatch::NoScope)
        } else if scopes.iter().all(|scope| permitted(scope)) {
            Ok(scopes)
        } else {
            Err(Mismatch::MoreScopes)
        }
    }
}

/// What a person has consented to, out of a sealed value.
pub(crate) struct Consented<'a> {
    pub(crate) scopes: &'a [String],
    /// The resource identifier of the MCP server.
    pub(crate) resource: &'a str,
    /// The person; not known yet when a code is redeemed.
    pub(crate) subject: Option<&'a Digest>,
    /// What the ID token of a redeemed code must carry.
    pub(crate) nonce: Option<&'a Secret>,
}

/// The facts for the response and the seal, from tokens that match.
pub(crate) struct Issued {
    /// The OAuth scopes that the access token really has: those consented to, or fewer.
    pub(crate) scopes: Vec<String>,
    /// Digest of the person's `sub`.
    pub(crate) subject: Digest,
}

impl Consented<'_> {
    /// Compares a person's tokens with what was consented to.
    ///
    /// Fewer scopes than consented to are accepted, and no refresh token as well: both are less than asked for. Everything
    /// else that differs is not.
    pub(crate) fn compare(
        &self,
        tokens: &UpstreamTokens,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<Issued, Mismatch> {
        let claims = AccessClaims::read(&tokens.access_token)?;
        claims.check(settings, &settings.addresses.cognito_client_id, now)?;
        if claims.audience()? != self.resource {
            return Err(Mismatch::OtherAudience);
        }
        let scopes = claims.scopes(|scope| self.scopes.iter().any(|each| each == scope))?;
        // The subject of a machine's token is its app client.
        let subject = claims
            .sub
            .as_str()
            .filter(|subject| {
                !subject.is_empty() && *subject != settings.addresses.cognito_client_id
            })
            .ok_or(Mismatch::NoSubject)?;
        let subject = Digest::of(subject.as_bytes());
        if self.subject.is_some_and(|sealed| *sealed != subject) {
            return Err(Mismatch::OtherSubject);
        }
        self.compare_id_token(tokens, &claims, &scopes, &subject, settings, now)?;
        Ok(Issued { scopes, subject })
    }

    fn compare_id_token(
        &self,
        tokens: &UpstreamTokens,
        claims: &AccessClaims,
        scopes: &[String],
        subject: &Digest,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<(), Mismatch> {
        let Some(text) = &tokens.id_token else {
            // With a nonce, an ID token was asked for; OpenID Connect Core section 12.2 lets a refresh leave it out.
            let expected = self.nonce.is_some() && scopes.iter().any(|scope| scope == "openid");
            return if expected {
                Err(Mismatch::NoIdToken)
            } else {
                Ok(())
            };
        };
        let issuer = claims.iss.as_str().unwrap_or_default().to_owned();
        let issuer = IssuerUrl::new(issuer).map_err(|_| Mismatch::OtherIssuer)?;
        let seconds = now.0;
        let verifier = CoreIdTokenVerifier::new_public_client(
            ClientId::new(settings.addresses.cognito_client_id.clone()),
            issuer,
            JsonWebKeySet::new(Vec::new()),
        )
        .insecure_disable_signature_check()
        .set_time_fn(move || (UNIX_EPOCH + Duration::from_secs(seconds)).into());
        let id_token: CoreIdToken = text
            .expose()
            .parse()
            .map_err(|_| Mismatch::IdTokenNotOfSignIn)?;
        let nonce = self
            .nonce
            .map(|nonce| Digest::of(nonce.expose().as_bytes()));
        let same_nonce = |found: Option<&Nonce>| {
            let found = found.map(|found| Digest::of(found.secret().as_bytes()));
            if nonce.is_none() || nonce == found {
                Ok(())
            } else {
                Err("another nonce".to_owned())
            }
        };
        let id_claims = id_token
            .claims(&verifier, same_nonce)
            .map_err(|_| Mismatch::IdTokenNotOfSignIn)?;
        if Digest::of(id_claims.subject().as_bytes()) == *subject {
            Ok(())
        } else {
            Err(Mismatch::IdTokenOtherSubject)
        }
    }
}

/// What a program asked for with client credentials.
pub(crate) struct Asked<'a> {
    pub(crate) client_id: &'a str,
    /// The scopes that its token may have.
    pub(crate) permitted: &'a [&'a str],
    /// The resource identifiers that its token may name, if it names one: Cognito binds none for programs.
    pub(crate) resources: &'a [&'a str],
}

impl Asked<'_> {
    /// Compares a program's access token with what it asked for; the scopes that the token really has.
    pub(crate) fn compare(
        &self,
        access_token: &Secret,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<Vec<String>, Mismatch> {
        let claims = AccessClaims::read(access_token)?;
        claims.check(settings, self.client_id, now)?;
        match claims.audience() {
            Ok(audience) if self.resources.contains(&audience) => {}
            Ok(_) => return Err(Mismatch::OtherAudience),
            Err(Mismatch::NoAudience) => {}
            Err(other) => return Err(other),
        }
        // Whose subject is not its app client would be a person to the MCP server.
        if claims.sub != self.client_id {
            return Err(Mismatch::OtherSubject);
        }
        claims.scopes(|scope| self.permitted.contains(&scope))
    }
}
