//! Who is calling, from an access token that no gateway has verified.

use std::time::SystemTime;

use mcp_lambda_contract::McpSettings;

use crate::caller::Caller;
use crate::claims::{ClaimsProblem, Expiry, caller_from_claims};
use crate::jwt::SignatureError;
use crate::verifier::TokenVerifier;

/// The access token of the one value of an `Authorization` header, of the only accepted form: `Bearer …` (RFC 6750 section
/// 2.1).
#[must_use]
pub fn bearer_token(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// Why an access token names no caller.
#[derive(Debug)]
pub enum TokenError {
    /// Its signature is not known to be the issuer's.
    Signature(SignatureError),
    /// Its claims are not for this server.
    Claims(ClaimsProblem),
}

/// Verifies an access token and decides who is calling, where no gateway has done it (RFC 9068 section 4).
///
/// Does not ask the issuer whether the token was revoked.
///
/// # Errors
///
/// [`TokenError`]: its signature or its claims.
pub async fn caller_from_token(
    token: &str,
    verifier: &TokenVerifier,
    settings: &McpSettings,
    now: SystemTime,
) -> Result<Caller, TokenError> {
    let claims = verifier
        .claims(token, now)
        .await
        .map_err(TokenError::Signature)?;
    caller_from_claims(&claims, settings, Expiry::Required, now).map_err(TokenError::Claims)
}
