//! Verifies the signature of an access token, and remembers the tokens that it has verified.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use lru::LruCache;
use ring::digest::{SHA256, digest};
use serde_json::{Map, Value};

use crate::jwks::{KeyLookup, KeyStore};
use crate::jwt::{SignatureError, Signed, signed};

/// Most tokens that are remembered. One more replaces the one that was used least recently.
const CAPACITY: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1023);
/// Longest token that is remembered, in bytes: the claims stay in memory.
const LONGEST: usize = 4 * 1024;

/// The claims of an access token.
pub type Claims = Arc<Map<String, Value>>;

type Digest = [u8; 32];

/// Verifies the signatures of access tokens, each one once while the issuer publishes its key.
///
/// A verified token is remembered by its SHA-256, with its claims and its key. It counts only as long as the issuer
/// publishes this very key under the token's `kid`: a key that is withdrawn or replaced ends it as it ends every other
/// token of the key. Whatever the claims say (`exp`, `iss`, `aud`, …) is for the caller to check, each time.
///
/// Does not remember a token that is refused.
pub struct TokenVerifier {
    keys: KeyStore,
    verified: Mutex<LruCache<Digest, Arc<Signed>>>,
}

impl TokenVerifier {
    /// Verifies with these keys.
    #[must_use]
    pub fn new(keys: KeyStore) -> Self {
        Self::with_capacity(keys, CAPACITY)
    }

    fn with_capacity(keys: KeyStore, capacity: NonZeroUsize) -> Self {
        Self {
            keys,
            verified: Mutex::new(LruCache::new(capacity)),
        }
    }

    /// The issuer's keys.
    #[must_use]
    pub fn keys(&self) -> &KeyStore {
        &self.keys
    }

    /// The claims of a token that the issuer has signed. Nothing they say is checked.
    ///
    /// # Errors
    ///
    /// [`SignatureError`].
    pub async fn claims(&self, token: &str, now: SystemTime) -> Result<Claims, SignatureError> {
        let digest = digest_of(token);
        if let Some(known) = self.recall(&digest)
            && let KeyLookup::Found(published) = self.keys.lookup(&known.kid, now).await
            && Arc::ptr_eq(&published, &known.key)
        {
            return Ok(Arc::clone(&known.claims));
        }
        let signed = Arc::new(signed(token, &self.keys, now).await?);
        let claims = Arc::clone(&signed.claims);
        if token.len() <= LONGEST {
            self.remember(digest, signed);
        }
        Ok(claims)
    }

    fn recall(&self, digest: &Digest) -> Option<Arc<Signed>> {
        self.verified
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(digest)
            .map(Arc::clone)
    }

    fn remember(&self, digest: Digest, signed: Arc<Signed>) {
        self.verified
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .put(digest, signed);
    }
}

fn digest_of(token: &str) -> Digest {
    let mut bytes = Digest::default();
    bytes.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
    bytes
}

#[cfg(test)]
mod tests;
