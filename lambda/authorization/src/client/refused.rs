//! Refuses the clients that the operator lists, of every kind.

use mcp_lambda_contract::{List, SHA256_DIGEST, SettingType, SettingValue};
use url::Url;

use super::identifier::{client_digest, document_url, is_url};
use crate::{failure::Failure, sealed::seal::Purpose};

/// Which clients are refused: by `client_id`, by the host of a metadata document, or by the digest in the log.
#[derive(Debug, Clone, Default)]
pub struct RefusedClients(Vec<String>);

impl RefusedClients {
    /// The entries.
    pub(crate) fn entries(&self) -> &[String] {
        &self.0
    }

    /// Refuses a client that is listed.
    ///
    /// A registration is refused by its own `client_id`; the program behind it can register again and is then another client.
    pub(crate) fn check(&self, client_id: &str) -> Result<(), Failure> {
        if self.0.is_empty() {
            return Ok(());
        }
        let url = Url::parse(client_id).ok().filter(|_| is_url(client_id));
        let host = url.as_ref().and_then(Url::host_str);
        let digest = client_digest(client_id).to_hex();
        let listed = self
            .0
            .iter()
            .any(|entry| entry == client_id || Some(entry.as_str()) == host || *entry == digest);
        if listed {
            Err(Failure::ClientRefused)
        } else {
            Ok(())
        }
    }
}

impl SettingValue for RefusedClients {
    const TYPE: SettingType = SettingType::List;
    const OPTIONAL: bool = true;

    fn parse(text: &str) -> Result<Self, String> {
        let List(entries) = List::parse(text)?;
        Ok(Self(entries))
    }

    fn absent() -> Option<Self> {
        Some(Self::default())
    }
}

/// Whether an entry can match a client at all: the id of a pre-registered client, the URL or host of a metadata document,
/// the id of a registration, or a digest.
pub(crate) fn is_refusable(entry: &str, is_pre_registered: bool) -> bool {
    let is_host = entry
        .bytes()
        .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.'))
        && document_url(&format!("https://{entry}/x"), None).is_ok();
    let is_registration = entry
        .strip_prefix(Purpose::ClientRegistration.prefix())
        .is_some_and(|sealed| !sealed.is_empty() && sealed.bytes().all(is_base64url));
    is_pre_registered
        || SHA256_DIGEST.allows(entry)
        || is_host
        || is_registration
        || document_url(entry, None).is_ok()
}

fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}
