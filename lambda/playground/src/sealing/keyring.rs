//! The keys of the sealing secret.
//!
//! A sealed value is `key id (4) ‖ random (24) ‖ AES-256-GCM ciphertext and tag`, in base64url. Twelve random bytes choose a
//! key of this one value (HKDF-SHA-256), twelve are the nonce under that key. The browser's cookie takes part in the key: who
//! reads the table and the secret, but not the cookie, opens nothing. The position in the table is authenticated with it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use ring::rand::{SecureRandom, SystemRandom};
use serde::Serialize;
use serde::de::DeserializeOwned;

const SALT: &[u8] = b"mcp-lambda playground, version 1";
const KEY_ID: usize = 4;
const RANDOM: usize = 24;

/// A value cannot be sealed or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SealError {
    /// The system gives no random bytes.
    #[error("there are no random bytes")]
    NoRandomness,
    /// It was sealed with a secret that is neither the current nor the previous one.
    #[error("it was sealed with an older secret")]
    UnknownKey,
    /// It was changed, or belongs to another browser or position.
    #[error("it belongs to another browser")]
    Rejected,
}

/// The keys of one secret and the one before it.
pub(crate) struct Keyring(Vec<SealingKey>);

struct SealingKey {
    id: [u8; KEY_ID],
    extracted: Prk,
}

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

impl SealingKey {
    fn derive(secret: &str) -> Option<Self> {
        let extracted = Salt::new(HKDF_SHA256, SALT).extract(secret.as_bytes());
        let mut id = [0; KEY_ID];
        let expanded = extracted.expand(&[b"key id"], Length(KEY_ID)).ok()?;
        expanded.fill(&mut id).ok()?;
        Some(Self { id, extracted })
    }

    fn of_value(&self, browser: &str, selector: &[u8]) -> Option<LessSafeKey> {
        let info = [b"value:".as_slice(), selector, browser.as_bytes()];
        let key = self.extracted.expand(&info, &AES_256_GCM).ok()?;
        Some(LessSafeKey::new(UnboundKey::from(key)))
    }
}

impl Keyring {
    /// The keys of the current secret, then of earlier ones.
    pub(crate) fn derive<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        Self(secrets.into_iter().filter_map(SealingKey::derive).collect())
    }

    /// Seals `value` for the cookie `browser` and the position `at`.
    pub(crate) fn seal<T: Serialize>(
        &self,
        value: &T,
        browser: &str,
        at: &str,
    ) -> Result<String, SealError> {
        let mut random = [0; RANDOM];
        let filled = SystemRandom::new().fill(&mut random);
        filled.map_err(|_| SealError::NoRandomness)?;
        let (selector, nonce) = random.split_at(RANDOM / 2);
        let sealing = self.0.first().ok_or(SealError::UnknownKey)?;
        let key = sealing
            .of_value(browser, selector)
            .ok_or(SealError::Rejected)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError::Rejected)?;
        let mut message = serde_json::to_vec(value).map_err(|_| SealError::Rejected)?;
        key.seal_in_place_append_tag(nonce, Aad::from(at.as_bytes()), &mut message)
            .map_err(|_| SealError::Rejected)?;
        Ok(URL_SAFE_NO_PAD.encode([sealing.id.as_slice(), &random, &message].concat()))
    }

    /// Opens what was sealed for the same cookie and position.
    pub(crate) fn open<T: DeserializeOwned>(
        &self,
        sealed: &str,
        browser: &str,
        at: &str,
    ) -> Result<T, SealError> {
        let bytes = URL_SAFE_NO_PAD
            .decode(sealed)
            .map_err(|_| SealError::Rejected)?;
        let (id, rest) = bytes.split_at_checked(KEY_ID).ok_or(SealError::Rejected)?;
        let (random, message) = rest.split_at_checked(RANDOM).ok_or(SealError::Rejected)?;
        let (selector, nonce) = random.split_at(RANDOM / 2);
        let sealing = self.0.iter().find(|key| key.id == id);
        let sealing = sealing.ok_or(SealError::UnknownKey)?;
        let key = sealing
            .of_value(browser, selector)
            .ok_or(SealError::Rejected)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError::Rejected)?;
        let mut message = message.to_vec();
        let opened = key
            .open_in_place(nonce, Aad::from(at.as_bytes()), &mut message)
            .map_err(|_| SealError::Rejected)?;
        serde_json::from_slice(opened).map_err(|_| SealError::Rejected)
    }
}

#[cfg(test)]
mod tests {
    use super::{Keyring, SealError};

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn opens_for_the_same_browser_and_position_only() {
        let keys = Keyring::derive([SECRET]);
        let sealed = keys.seal(&"token", "cookie", "tokens#a").unwrap();
        let open = |browser, at| keys.open::<String>(&sealed, browser, at);
        assert_eq!(open("cookie", "tokens#a"), Ok("token".to_owned()));
        assert_eq!(open("another", "tokens#a"), Err(SealError::Rejected));
        assert_eq!(open("cookie", "tokens#b"), Err(SealError::Rejected));
    }

    #[test]
    fn opens_after_one_rotation_of_the_secret_and_not_after_two() {
        let sealed = Keyring::derive([SECRET]).seal(&1, "c", "p").unwrap();
        let rotated = Keyring::derive(["f".repeat(32).as_str(), SECRET]);
        assert_eq!(rotated.open::<u8>(&sealed, "c", "p"), Ok(1));
        let twice = Keyring::derive(["e".repeat(32).as_str(), "f".repeat(32).as_str()]);
        assert_eq!(
            twice.open::<u8>(&sealed, "c", "p"),
            Err(SealError::UnknownKey)
        );
    }
}
