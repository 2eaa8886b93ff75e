//! The authorization server's metadata, RFC 8414 and OpenID Connect Discovery. In AWS the gateway serves these
//! documents without a function; this module defines their content.

use serde_json::{Value, json};

use crate::settings::Settings;

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
    let issuer = &settings.addresses.issuer.text;
    let authentication = json!(["none", "client_secret_basic", "client_secret_post"]);
    let resources: Vec<&str> = settings
        .resources
        .iter()
        .map(|resource| resource.identifier.as_str())
        .collect();
    let mut document = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "revocation_endpoint": format!("{issuer}/revoke"),
        "jwks_uri": settings.jwks_url(),
        "scopes_supported": settings.resources.scope_names(),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "token_endpoint_auth_methods_supported": authentication,
        "revocation_endpoint_auth_methods_supported": authentication,
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
        "client_id_metadata_document_supported": settings.choices.client_documents_enabled,
        "protected_resources": resources,
    });
    if settings.choices.registration_enabled {
        document["registration_endpoint"] = json!(format!("{issuer}/register"));
    }
    if form == MetadataForm::OpenId {
        document["subject_types_supported"] = json!(["public"]);
        document["id_token_signing_alg_values_supported"] = json!(["RS256"]);
        document["request_uri_parameter_supported"] = json!(false);
    }
    document
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
        .filter(|rest| rest.starts_with("/.well-known/"))
        .unwrap_or(path);
    let inside = inside.strip_suffix(resource_path).unwrap_or(inside);
    match inside {
        "/.well-known/oauth-authorization-server" => Some(MetadataForm::OAuth),
        "/.well-known/openid-configuration" => Some(MetadataForm::OpenId),
        _ => None,
    }
}
