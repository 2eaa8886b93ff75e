//! The cookie that a browser is known by.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, header};
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};

use crate::sealing::SealError;

const BYTES: usize = 32;
/// How long a browser is known: seven days.
pub(crate) const SECONDS: u64 = 7 * 24 * 60 * 60;

/// A browser. Its value is a secret; the table has its digest.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Browser {
    value: String,
}

impl std::fmt::Debug for Browser {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_tuple("Browser")
            .field(&self.digest())
            .finish()
    }
}

impl Browser {
    /// A browser that is not known yet.
    pub(crate) fn new() -> Result<Self, SealError> {
        let mut bytes = [0; BYTES];
        let filled = SystemRandom::new().fill(&mut bytes);
        filled.map_err(|_| SealError::NoRandomness)?;
        Ok(Self {
            value: URL_SAFE_NO_PAD.encode(bytes),
        })
    }

    /// The browser that sent these headers. None if it sent two cookies: then another site has set one of them.
    pub(crate) fn of(headers: &HeaderMap, is_secure: bool) -> Option<Self> {
        let name = name(is_secure);
        let mut values = headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(known, _)| *known == name)
            .map(|(_, value)| value);
        let (Some(value), None) = (values.next(), values.next()) else {
            return None;
        };
        let is_ours = URL_SAFE_NO_PAD
            .decode(value)
            .is_ok_and(|bytes| bytes.len() == BYTES);
        is_ours.then(|| Self {
            value: value.to_owned(),
        })
    }

    /// The secret itself.
    pub(crate) fn value(&self) -> &str {
        &self.value
    }

    /// What the table has of it.
    pub(crate) fn digest(&self) -> String {
        hex_digest(&[&self.value])
    }

    /// `Set-Cookie` for it. Lax, not Strict: the callback arrives by a navigation from the authorization server.
    pub(crate) fn set(&self, is_secure: bool) -> String {
        cookie(&self.value, SECONDS, is_secure)
    }
}

/// `Set-Cookie` that removes the cookie.
pub(crate) fn clear(is_secure: bool) -> String {
    cookie("", 0, is_secure)
}

fn cookie(value: &str, seconds: u64, is_secure: bool) -> String {
    let name = name(is_secure);
    let secure = if is_secure { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}")
}

/// No other host, subdomain or plain page can set a `__Host-` cookie. Browsers differ in accepting it on plain loopback.
fn name(is_secure: bool) -> &'static str {
    if is_secure {
        "__Host-mcp-playground"
    } else {
        "mcp-playground"
    }
}

/// SHA-256 of the parts, each with its length in front, in hexadecimal.
pub(crate) fn hex_digest(parts: &[&str]) -> String {
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend((part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    let digest = digest(&SHA256, &bytes);
    digest
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
