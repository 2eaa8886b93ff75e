//! Verifies the signatures of JWT access tokens (RS256).

use std::sync::Arc;
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::jwks::{KeyLookup, KeyStore, RsaKey};

/// Longest access token that is parsed, in bytes. Cognito's are about 1 KiB; the limit is that of one header.
const MAX_TOKEN: usize = 16 * 1024;

/// Why an access token cannot be verified. A closed list; the caller gets the short message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwtProblem {
    /// Not three parts of base64url, or its header or claims are not JSON objects.
    #[error("the access token is not a signed JWT")]
    Malformed,
    /// Not RS256, or it needs an extension.
    #[error("the access token is not signed with RS256")]
    WrongAlgorithm,
    /// The issuer does not publish the key that it names.
    #[error("the access token is signed with a key that the issuer does not publish")]
    UnknownKey,
    /// The signature is not that of the key.
    #[error("the signature of the access token is wrong")]
    WrongSignature,
}

/// Why the signature of a token is not known to be the issuer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureError {
    /// The token cannot be verified.
    Unverified(JwtProblem),
    /// The issuer's keys cannot be read.
    KeysUnavailable,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    /// Extensions that a recipient must understand (RFC 7515 section 4.1.11); none is supported.
    crit: Option<Value>,
}

/// A token whose three parts could be parsed; it is not verified.
pub(crate) struct Jwt<'a, H, C> {
    pub(crate) signed: &'a str,
    pub(crate) header: H,
    pub(crate) claims: C,
    pub(crate) signature: Vec<u8>,
}

impl<'a, H: DeserializeOwned, C: DeserializeOwned> Jwt<'a, H, C> {
    pub(crate) fn read(token: &'a str) -> Result<Self, JwtProblem> {
        if token.len() > MAX_TOKEN {
            return Err(JwtProblem::Malformed);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(JwtProblem::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(JwtProblem::Malformed)?;
        let decode = |part: &str| {
            URL_SAFE_NO_PAD
                .decode(part)
                .map_err(|_| JwtProblem::Malformed)
        };
        Ok(Self {
            signed,
            header: serde_json::from_slice(&decode(header)?).map_err(|_| JwtProblem::Malformed)?,
            claims: serde_json::from_slice(&decode(claims)?).map_err(|_| JwtProblem::Malformed)?,
            signature: decode(signature)?,
        })
    }
}

/// The claims of a token. The caller of this function must have verified the token by other means.
#[must_use]
pub fn claims_without_verification<C: DeserializeOwned>(token: &str) -> Option<C> {
    let jwt = Jwt::<Header, C>::read(token);
    jwt.ok().map(|jwt| jwt.claims)
}

/// What is known of a token with a valid signature.
pub(crate) struct Signed {
    pub(crate) claims: Arc<Map<String, Value>>,
    /// The id of its key.
    pub(crate) kid: String,
    pub(crate) key: Arc<RsaKey>,
}

/// The claims of a token that the issuer of these keys has signed, and its key. Nothing the claims say is checked.
///
/// Only RS256 is accepted; the key is the one that the issuer publishes under the token's `kid`.
pub(crate) async fn signed(
    token: &str,
    keys: &KeyStore,
    now: SystemTime,
) -> Result<Signed, SignatureError> {
    let jwt = Jwt::<Header, _>::read(token).map_err(SignatureError::Unverified)?;
    if jwt.header.alg != "RS256" || jwt.header.crit.is_some() {
        return Err(SignatureError::Unverified(JwtProblem::WrongAlgorithm));
    }
    let kid = jwt
        .header
        .kid
        .ok_or(SignatureError::Unverified(JwtProblem::UnknownKey))?;
    let key = match keys.lookup(&kid, now).await {
        KeyLookup::Found(key) => key,
        KeyLookup::Unknown => return Err(SignatureError::Unverified(JwtProblem::UnknownKey)),
        KeyLookup::Unavailable => return Err(SignatureError::KeysUnavailable),
    };
    RsaPublicKeyComponents {
        n: &key.modulus,
        e: &key.exponent,
    }
    .verify(
        &RSA_PKCS1_2048_8192_SHA256,
        jwt.signed.as_bytes(),
        &jwt.signature,
    )
    .map_err(|_| SignatureError::Unverified(JwtProblem::WrongSignature))?;
    Ok(Signed {
        claims: Arc::new(jwt.claims),
        kid,
        key,
    })
}
