//! Sealed values: browsers and clients carry the state of this server, encrypted and authenticated, so that it needs no
//! table.
//!
//! **Form.** `<prefix of the purpose>` + base64url(`key id (4)` ‖ `random (24)` ‖ `AES-256-GCM ciphertext and tag`).
//!
//! **Keys.** One high-entropy secret is extracted by HKDF-SHA-256. Each purpose has keys of its own, so a value of one
//! purpose cannot be opened as another even if the prefix is changed.
//!
//! **Nonce discipline.** Every seal draws 24 fresh random bytes. The first twelve choose a key of this one message
//! (HKDF-Expand with the purpose), the last twelve are the nonce under that key. A repeat needs both halves to collide,
//! which stays below 2⁻³² up to 2⁸⁰ messages of one secret; open registration therefore cannot wear a key out, and no
//! counter has to be kept between functions.
//!
//! **Associated data.** Version, purpose, key id, our issuer, and what the value is bound to (each with its length in
//! front, so that parts cannot slide into one another). A value that is presented with another client, redirect or
//! challenge than it was sealed for does not open.
//!
//! **Rotation.** Values are sealed with the current secret and opened with the current or the previous one.
//!
//! Does *not* make a value single-use: see [`crate::AuthorizationServer`] for how that is done.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::sealed::encoding::{decode, encode};
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    hkdf::{HKDF_SHA256, KeyType, Prk, Salt},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    capability::{NoRandomness, Randomness, Timestamp},
    sealed::secret::Secret,
};

const KEY_ID: usize = 4;
const RANDOM: usize = 24;
/// Longest value that is opened; a refresh token of Cognito is about 1,800 bytes before sealing.
const MAX_SEALED: usize = 12 * 1024;

/// What a sealed value is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A dynamically registered client's identifier.
    ClientRegistration,
    /// The request that the consent page shows.
    ConsentRequest,
    /// An approved request on its way through Cognito, in `state`.
    Transaction,
    /// A sign-in without a client on its way through Cognito, in `state`.
    AccountSignIn,
    /// Our authorization code.
    AuthorizationCode,
    /// Our wrapping of Cognito's refresh token.
    RefreshToken,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 6] = [
        Self::ClientRegistration,
        Self::ConsentRequest,
        Self::Transaction,
        Self::AccountSignIn,
        Self::AuthorizationCode,
        Self::RefreshToken,
    ];

    /// The prefix of the sealed string: it names the purpose for people, and refuses the wrong kind early.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::ClientRegistration => "mcp-client-",
            Self::ConsentRequest => "mcp-consent-",
            Self::Transaction => "mcp-state-",
            Self::AccountSignIn => "mcp-account-",
            Self::AuthorizationCode => "mcp-code-",
            Self::RefreshToken => "mcp-refresh-",
        }
    }
}

/// Why a sealed value was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenFailure {
    /// Not of this purpose's form.
    Malformed,
    /// Sealed by a key that is neither the current nor the previous one.
    UnknownKey,
    /// Altered, of another deployment, or presented with something else than it is bound to.
    Rejected,
    /// Authentic, but past its time.
    Expired,
}

impl OpenFailure {
    /// `expired` for an expired value, `otherwise` for all others, which an attacker must not tell apart.
    pub(crate) fn or<T>(self, expired: T, otherwise: T) -> T {
        match self {
            Self::Expired => expired,
            Self::Malformed | Self::UnknownKey | Self::Rejected => otherwise,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Envelope<T> {
    #[serde(rename = "x")]
    expires: u64,
    #[serde(rename = "v")]
    value: T,
}

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
    fn derive(secret: &Secret) -> Option<Self> {
        let extracted = Salt::new(HKDF_SHA256, b"mcp-lambda authorization 1")
            .extract(secret.expose().as_bytes());
        let mut id = [0; KEY_ID];
        extracted
            .expand(&[b"key id"], Length(KEY_ID))
            .ok()?
            .fill(&mut id)
            .ok()?;
        Some(Self { id, extracted })
    }

    fn message_key(&self, purpose: Purpose, selector: &[u8]) -> Option<LessSafeKey> {
        let info = [
            b"message key:".as_slice(),
            purpose.prefix().as_bytes(),
            b":",
            selector,
        ];
        let key = self.extracted.expand(&info, &AES_256_GCM).ok()?;
        Some(LessSafeKey::new(UnboundKey::from(key)))
    }
}

/// The keys that seal and open, of one deployment.
pub struct Keyring {
    issuer: String,
    current: SealingKey,
    previous: Option<SealingKey>,
    unknown_key_seen: AtomicBool,
}

impl Keyring {
    /// Derives the keys. `issuer` is bound into every value, so that two deployments that were given the same secret by
    /// mistake do not accept each other's values. `None` if derivation fails, which it does not for any input today.
    pub fn derive(issuer: &str, current: &Secret, previous: Option<&Secret>) -> Option<Self> {
        let previous = match previous {
            Some(secret) => Some(SealingKey::derive(secret)?),
            None => None,
        };
        Some(Self {
            issuer: issuer.to_owned(),
            current: SealingKey::derive(current)?,
            previous,
            unknown_key_seen: AtomicBool::new(false),
        })
    }

    /// Seals a value until `expires`, bound to `bound_to`.
    pub fn seal<T: Serialize>(
        &self,
        purpose: Purpose,
        value: &T,
        bound_to: &[&[u8]],
        expires: Timestamp,
        randomness: &dyn Randomness,
    ) -> Result<Secret, NoRandomness> {
        let mut random = [0; RANDOM];
        randomness.fill(&mut random)?;
        let (selector, nonce) = random.split_at(RANDOM / 2);
        let key = self
            .current
            .message_key(purpose, selector)
            .ok_or(NoRandomness)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| NoRandomness)?;
        let mut message = serde_json::to_vec(&Envelope {
            expires: expires.0,
            value,
        })
        .map_err(|_| NoRandomness)?;
        let associated = self.associated_data(purpose, &self.current.id, bound_to);
        key.seal_in_place_append_tag(nonce, Aad::from(associated), &mut message)
            .map_err(|_| NoRandomness)?;
        let bytes = [self.current.id.as_slice(), &random, &message].concat();
        Ok(Secret::new(format!(
            "{}{}",
            purpose.prefix(),
            encode(&bytes)
        )))
    }

    /// Opens a value of this purpose that was sealed with the same `bound_to` and is valid at `now`.
    pub fn open<T: DeserializeOwned>(
        &self,
        purpose: Purpose,
        sealed: &str,
        bound_to: &[&[u8]],
        now: Timestamp,
    ) -> Result<T, OpenFailure> {
        let envelope = self.envelope(purpose, sealed, bound_to)?;
        if now.0 >= envelope.expires {
            return Err(OpenFailure::Expired);
        }
        Ok(envelope.value)
    }

    /// Opens a value of this purpose even past its time. Only for what ends something: an expired value permits nothing.
    pub(crate) fn open_expired<T: DeserializeOwned>(
        &self,
        purpose: Purpose,
        sealed: &str,
    ) -> Result<T, OpenFailure> {
        Ok(self.envelope(purpose, sealed, &[])?.value)
    }

    fn envelope<T: DeserializeOwned>(
        &self,
        purpose: Purpose,
        sealed: &str,
        bound_to: &[&[u8]],
    ) -> Result<Envelope<T>, OpenFailure> {
        if sealed.len() > MAX_SEALED {
            return Err(OpenFailure::Malformed);
        }
        let encoded = sealed
            .strip_prefix(purpose.prefix())
            .ok_or(OpenFailure::Malformed)?;
        let bytes = decode(encoded).ok_or(OpenFailure::Malformed)?;
        let (id, rest) = bytes
            .split_at_checked(KEY_ID)
            .ok_or(OpenFailure::Malformed)?;
        let (random, message) = rest
            .split_at_checked(RANDOM)
            .ok_or(OpenFailure::Malformed)?;
        let (selector, nonce) = random.split_at(RANDOM / 2);
        let sealing_key = [Some(&self.current), self.previous.as_ref()]
            .into_iter()
            .flatten()
            .find(|key| key.id == id)
            .ok_or_else(|| {
                self.unknown_key_seen.store(true, Ordering::Relaxed);
                OpenFailure::UnknownKey
            })?;
        let key = sealing_key
            .message_key(purpose, selector)
            .ok_or(OpenFailure::Rejected)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| OpenFailure::Malformed)?;
        let associated = self.associated_data(purpose, id, bound_to);
        let mut message = message.to_vec();
        let opened = key
            .open_in_place(nonce, Aad::from(associated), &mut message)
            .map_err(|_| OpenFailure::Rejected)?;
        serde_json::from_slice(opened).map_err(|_| OpenFailure::Rejected)
    }

    /// Whether a value of an unknown key was seen since the last call: perhaps another instance already has a newer secret.
    pub(crate) fn take_unknown_key_seen(&self) -> bool {
        self.unknown_key_seen.swap(false, Ordering::Relaxed)
    }

    fn associated_data(&self, purpose: Purpose, id: &[u8], bound_to: &[&[u8]]) -> Vec<u8> {
        let mut data = b"mcp-lambda sealed 1".to_vec();
        let parts = [purpose.prefix().as_bytes(), id, self.issuer.as_bytes()];
        for part in parts.iter().chain(bound_to) {
            data.extend((part.len() as u64).to_be_bytes());
            data.extend_from_slice(part);
        }
        data
    }
}
