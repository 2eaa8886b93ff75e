//! Who is calling, from an access token that no gateway has verified.

use std::time::SystemTime;

use mcp_lambda_contract::McpSettings;

use crate::caller::Caller;
use crate::claims::{ClaimsProblem, Expiry, caller_from_claims};
use crate::jwks::KeyStore;
use crate::jwt::{SignatureError, signed_claims};

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
    keys: &KeyStore,
    settings: &McpSettings,
    now: SystemTime,
) -> Result<Caller, TokenError> {
    let claims = signed_claims(token, keys, now)
        .await
        .map_err(TokenError::Signature)?;
    caller_from_claims(&claims, settings, Expiry::Required, now).map_err(TokenError::Claims)
}
