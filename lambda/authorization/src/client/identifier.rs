//! What a `client_id` says by its form.

use mcp_lambda_contract::{LONGEST_CLIENT_URL, PRIVATE_DOMAINS};
use url::{Host, Url};

use crate::{failure::Failure, sealed::secret::Digest};

/// The digest that sealed values are bound to.
pub(crate) fn client_digest(client_id: &str) -> Digest {
    Digest::of(client_id.as_bytes())
}

/// Whether a `client_id` is a URL, so that of a metadata document.
pub(crate) fn is_url(client_id: &str) -> bool {
    client_id.contains("://")
}

/// Reads a `client_id` that is a URL: `https`, default port, a public-looking host name, a path, and nothing else.
pub(crate) fn document_url(client_id: &str, own_host: Option<&str>) -> Result<Url, Failure> {
    let canonical = |url: &Url| url.as_str() == client_id && client_id.len() <= LONGEST_CLIENT_URL;
    let url = Url::parse(client_id)
        .ok()
        .filter(canonical)
        .ok_or(Failure::ClientUrlMalformed)?;
    let host_is_name = match url.host() {
        Some(Host::Domain(name)) => {
            let last = name.rsplit('.').next().unwrap_or_default();
            name.contains('.')
                && !last.is_empty()
                && !PRIVATE_DOMAINS.contains(&last)
                && Some(name) != own_host
        }
        Some(Host::Ipv4(_) | Host::Ipv6(_)) | None => false,
    };
    let lower_path = url.path().to_ascii_lowercase();
    let plain = url.scheme() == "https"
        && host_is_name
        && url.port().is_none()
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none()
        && url.path() != "/"
        && !client_id.contains('@')
        && !["%2e", "%2f", "%5c"]
            .iter()
            .any(|encoded| lower_path.contains(encoded));
    if plain {
        Ok(url)
    } else {
        Err(Failure::ClientUrlMalformed)
    }
}
