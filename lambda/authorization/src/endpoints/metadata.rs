//! The authorization server's metadata, RFC 8414 and OpenID Connect Discovery. In AWS the gateway serves these
//! documents without a function; this module defines their content.

use http::StatusCode;
use mcp_lambda_contract::{
    AUTHORIZATION_SERVER_METADATA_PATH, AuthorizationServerMetadata, OPENID_CONFIGURATION_PATH,
    WELL_KNOWN_PATH,
};
use serde_json::{Value, json};

use crate::{oauth::request::Response, response::json_answer, settings::Settings};

/// Which of the two documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetadataForm {
    /// RFC 8414, `/.well-known/oauth-authorization-server`.
    OAuth,
    /// OpenID Connect Discovery, `/.well-known/openid-configuration`.
    OpenId,
}

/// Builds a document. Every URL of ours is below our issuer; `jwks_uri` is Cognito's, because Cognito signs.
pub fn authorization_server_metadata(settings: &Settings, form: MetadataForm) -> Value {
    let scopes = settings.resources.scope_names().into_iter();
    let resources = settings
        .resources
        .iter()
        .map(|resource| resource.identifier.to_string());
    let mut document = AuthorizationServerMetadata::of_server(
        &settings.addresses.issuer.text,
        &settings.jwks_url(),
        scopes.map(str::to_owned).collect(),
        resources.collect(),
        settings.choices.client_documents_enabled,
    );
    if !settings.choices.registration_enabled {
        document.registration_endpoint = None;
    }
    if !settings.machine_clients.is_empty() {
        document = document.with_assertions();
    }
    json!(match form {
        MetadataForm::OAuth => document,
        MetadataForm::OpenId => document.openid(),
    })
}

/// Responds with a document.
pub(crate) fn metadata(settings: &Settings, form: MetadataForm) -> Response {
    json_answer(
        StatusCode::OK,
        &authorization_server_metadata(settings, form),
    )
}

/// The document at a path below our issuer, if there is one: root, and with the path of an MCP URL inserted or appended,
/// because clients probe all of them.
pub(crate) fn form_at(path: &str, settings: &Settings) -> Option<MetadataForm> {
    settings
        .resources
        .iter()
        .find_map(|resource| form_beside(path, resource.identifier.path().trim_end_matches('/')))
}

fn form_beside(path: &str, resource_path: &str) -> Option<MetadataForm> {
    let inside = path
        .strip_prefix(resource_path)
        .filter(|rest| rest.starts_with(WELL_KNOWN_PATH))
        .unwrap_or(path);
    let inside = inside.strip_suffix(resource_path).unwrap_or(inside);
    match inside {
        AUTHORIZATION_SERVER_METADATA_PATH => Some(MetadataForm::OAuth),
        OPENID_CONFIGURATION_PATH => Some(MetadataForm::OpenId),
        _ => None,
    }
}
