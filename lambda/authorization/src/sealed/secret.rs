//! Values that must never be printed, and the one way in which they are compared.

use std::fmt;

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

/// A secret, code or token. `Debug` prints a placeholder and there is no `Display`, so that it cannot reach a log by
/// accident; [`Secret::expose`] is the only way to the value and easy to search for.
///
/// Does not wipe its memory when it is dropped: the function's process is the trust boundary here.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Wraps the value.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The value itself: for a request to Cognito, for sealing, or for the client it belongs to.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(not shown)")
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        same_bytes(self.0.as_bytes(), other.0.as_bytes())
    }
}

impl Eq for Secret {}

/// SHA-256 of a value that is compared or bound: a client's secret, a client's identifier, a cookie, a person's `sub`. Never
/// shown, except for that of a client's identifier, by which the log names the client.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
        let mut out = [0; 32];
        out.copy_from_slice(digest.as_ref());
        Self(out)
    }

    /// Reads 64 hexadecimal characters, the form in which the settings hold the digest of a secret.
    pub fn from_hex(text: &str) -> Option<Self> {
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        let mut out = [0; 32];
        for (index, byte) in out.iter_mut().enumerate() {
            *byte = u8::from_str_radix(text.get(index * 2..index * 2 + 2)?, 16).ok()?;
        }
        Some(Self(out))
    }

    /// 64 lower-case hexadecimal characters, the form in which the log names a client.
    pub fn to_hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The 32 bytes.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Digest(not shown)")
    }
}

impl PartialEq for Digest {
    fn eq(&self, other: &Self) -> bool {
        same_bytes(&self.0, &other.0)
    }
}

impl Eq for Digest {}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        crate::sealed::encoding::encode(&digest.0)
    }
}

impl TryFrom<String> for Digest {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        crate::sealed::encoding::decode(&text)
            .and_then(|bytes| bytes.try_into().ok())
            .map(Self)
            .ok_or("not a SHA-256 digest")
    }
}

/// Compares in time that depends on the lengths alone.
fn same_bytes(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}
