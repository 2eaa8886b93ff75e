//! Encodes binary values as base64url.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

/// Base64url without padding, the only encoding this crate uses.
pub(crate) fn encode(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// Strict: refuses padding, other alphabets and non-zero trailing bits, so that a value has exactly one spelling.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    BASE64_URL_SAFE_NO_PAD.decode(text).ok()
}
