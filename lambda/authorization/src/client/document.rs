//! Client ID Metadata Documents (draft-ietf-oauth-client-id-metadata-document): a `client_id` that is the `https` URL of a
//! JSON document about the client.

use std::net::IpAddr;

use http::{Response, StatusCode, header};
use mcp_lambda_runtime::public_address::is_public;
use serde::Deserialize;
use url::Url;

use super::{
    document_problem::DocumentProblem,
    name::harmless_name,
    resolved::{Client, ClientKind},
};

use crate::oauth::{redirect::RedirectUri, request::is_media_type};

/// Most redirect URIs of one client.
pub(crate) const MAX_REDIRECTS: usize = 20;

/// Whether every address of the host is public. One private address among public ones is how a rebinding name looks.
pub(crate) fn public_address(addresses: &[IpAddr]) -> Result<IpAddr, DocumentProblem> {
    let first = addresses
        .first()
        .copied()
        .ok_or(DocumentProblem::NotResolved)?;
    if addresses.iter().all(|address| is_public(*address)) {
        Ok(first)
    } else {
        Err(DocumentProblem::NotPublic)
    }
}

#[derive(Deserialize)]
struct Document {
    client_id: String,
    client_name: Option<String>,
    #[serde(default)]
    redirect_uris: Vec<String>,
    token_endpoint_auth_method: Option<String>,
    grant_types: Option<Vec<String>>,
    client_secret: Option<serde_json::Value>,
    client_secret_expires_at: Option<serde_json::Value>,
}

/// Validates a response that was fetched from `url` and parses the client from it.
///
/// A redirect URI that is not acceptable is left out, and the document stays valid: documents are written for all
/// servers, and only the requested URI matters.
pub(crate) fn parse_document(
    url: &Url,
    answer: &Response<Vec<u8>>,
) -> Result<Client, DocumentProblem> {
    if answer.status() != StatusCode::OK {
        return Err(DocumentProblem::NotOk);
    }
    let text_header = |name| {
        answer
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    if text_header(header::CONTENT_ENCODING)
        .is_some_and(|coding| !coding.eq_ignore_ascii_case("identity"))
    {
        return Err(DocumentProblem::ContentCoding);
    }
    let content_type = text_header(header::CONTENT_TYPE).unwrap_or_default();
    let json_suffix = content_type.split(';').next().is_some_and(|media| {
        let media = media.trim().to_ascii_lowercase();
        media.starts_with("application/") && media.ends_with("+json")
    });
    if !is_media_type(content_type, "application/json") && !json_suffix {
        return Err(DocumentProblem::NotJson);
    }
    // The parser does not check the encoding of members that it skips (RFC 8259 section 8.1).
    let text = std::str::from_utf8(answer.body()).map_err(|_| DocumentProblem::Malformed)?;
    let document: Document = serde_json::from_str(text).map_err(|_| DocumentProblem::Malformed)?;
    if document.client_id != url.as_str() {
        return Err(DocumentProblem::OtherClientId);
    }
    if document.client_secret.is_some() || document.client_secret_expires_at.is_some() {
        return Err(DocumentProblem::HasSecret);
    }
    match document.token_endpoint_auth_method.as_deref() {
        None | Some("none") => {}
        Some("client_secret_basic" | "client_secret_post" | "client_secret_jwt") => {
            return Err(DocumentProblem::SecretAuthentication);
        }
        Some(_) => return Err(DocumentProblem::KeyAuthentication),
    }
    if document
        .grant_types
        .is_some_and(|grants| !grants.iter().any(|grant| grant == "authorization_code"))
    {
        return Err(DocumentProblem::NoCodeGrant);
    }
    if document.redirect_uris.len() > MAX_REDIRECTS {
        return Err(DocumentProblem::TooManyRedirects);
    }
    let redirect_uris: Vec<RedirectUri> = document
        .redirect_uris
        .iter()
        .filter_map(|uri| RedirectUri::parse(uri).ok())
        .collect();
    if redirect_uris.is_empty() {
        return Err(DocumentProblem::NoRedirects);
    }
    let name = document
        .client_name
        .as_deref()
        .and_then(harmless_name)
        .ok_or(DocumentProblem::NoName)?;
    let host = url.host_str().unwrap_or_default().to_owned();
    Ok(Client {
        id: document.client_id,
        kind: ClientKind::MetadataDocument { host },
        name: Some(name),
        redirect_uris,
        scopes: None,
        confidential: false,
    })
}
