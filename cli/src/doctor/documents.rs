//! The metadata documents of OAuth as MCP clients read them, and the URLs where clients look for them.

use mcp_lambda_contract::{
    AUTHORIZATION_SERVER_METADATA_PATH, OPENID_CONFIGURATION_PATH, PROTECTED_RESOURCE_METADATA_PATH,
};
use serde_json::Value;
use url::Url;

/// Protected resource metadata (RFC 9728).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ResourceMetadata {
    /// `resource`.
    pub resource: Option<String>,
    /// `authorization_servers`.
    pub authorization_servers: Vec<String>,
    /// `scopes_supported`.
    pub scopes: Option<Vec<String>>,
    /// `bearer_methods_supported`.
    pub bearer_methods: Option<Vec<String>>,
}

/// Authorization server metadata (RFC 8414, OpenID Connect Discovery 1.0).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct ServerMetadata {
    /// `issuer`.
    pub issuer: Option<String>,
    /// `authorization_endpoint`.
    pub authorization_endpoint: Option<String>,
    /// `token_endpoint`.
    pub token_endpoint: Option<String>,
    /// `registration_endpoint`.
    pub registration_endpoint: Option<String>,
    /// `jwks_uri`.
    pub jwks_uri: Option<String>,
    /// `response_types_supported`.
    pub response_types: Option<Vec<String>>,
    /// `grant_types_supported`.
    pub grant_types: Option<Vec<String>>,
    /// `code_challenge_methods_supported`.
    pub code_challenge_methods: Option<Vec<String>>,
    /// `token_endpoint_auth_methods_supported`.
    pub token_auth_methods: Option<Vec<String>>,
    /// `scopes_supported`.
    pub scopes: Option<Vec<String>>,
    /// `authorization_response_iss_parameter_supported`.
    pub sends_issuer: bool,
    /// `client_id_metadata_document_supported`.
    pub takes_client_documents: bool,
}

fn string(value: &Value, name: &str) -> Option<String> {
    value.get(name)?.as_str().map(str::to_owned)
}

fn strings(value: &Value, name: &str) -> Option<Vec<String>> {
    let list = value.get(name)?.as_array()?;
    Some(
        list.iter()
            .filter_map(|entry| entry.as_str().map(str::to_owned))
            .collect(),
    )
}

fn flag(value: &Value, name: &str) -> bool {
    value.get(name).and_then(Value::as_bool).unwrap_or(false)
}

impl ResourceMetadata {
    /// Reads the document; members of another type count as absent.
    #[must_use]
    pub(super) fn read(value: &Value) -> Self {
        Self {
            resource: string(value, "resource"),
            authorization_servers: strings(value, "authorization_servers").unwrap_or_default(),
            scopes: strings(value, "scopes_supported"),
            bearer_methods: strings(value, "bearer_methods_supported"),
        }
    }

    /// Whether this is the document at all, and not an unrelated JSON object.
    #[must_use]
    pub(super) fn is_document(&self) -> bool {
        self.resource.is_some() || !self.authorization_servers.is_empty()
    }
}

impl ServerMetadata {
    /// What a client assumes without the document: the endpoints of revision 2025-03-26 at `origin`.
    #[must_use]
    pub(super) fn of_default_endpoints(origin: &str) -> Self {
        Self {
            issuer: Some(origin.to_owned()),
            authorization_endpoint: Some(format!("{origin}/authorize")),
            token_endpoint: Some(format!("{origin}/token")),
            registration_endpoint: Some(format!("{origin}/register")),
            ..Self::default()
        }
    }

    /// Reads the document; members of another type count as absent.
    #[must_use]
    pub(super) fn read(value: &Value) -> Self {
        Self {
            issuer: string(value, "issuer"),
            authorization_endpoint: string(value, "authorization_endpoint"),
            token_endpoint: string(value, "token_endpoint"),
            registration_endpoint: string(value, "registration_endpoint"),
            jwks_uri: string(value, "jwks_uri"),
            response_types: strings(value, "response_types_supported"),
            grant_types: strings(value, "grant_types_supported"),
            code_challenge_methods: strings(value, "code_challenge_methods_supported"),
            token_auth_methods: strings(value, "token_endpoint_auth_methods_supported"),
            scopes: strings(value, "scopes_supported"),
            sends_issuer: flag(value, "authorization_response_iss_parameter_supported"),
            takes_client_documents: flag(value, "client_id_metadata_document_supported"),
        }
    }

    /// Whether this is the document at all, and not an unrelated JSON object.
    #[must_use]
    pub(super) fn is_document(&self) -> bool {
        self.issuer.is_some()
            || self.authorization_endpoint.is_some()
            || self.token_endpoint.is_some()
    }

    /// The endpoints that a sign-in needs, with their names.
    pub(super) fn endpoints(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("authorization_endpoint", &self.authorization_endpoint),
            ("token_endpoint", &self.token_endpoint),
            ("registration_endpoint", &self.registration_endpoint),
        ]
        .into_iter()
        .filter_map(|(name, endpoint)| Some((name, endpoint.as_deref()?)))
    }
}

/// Where a client looks for protected resource metadata without a pointer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResourceWellKnown {
    /// `/.well-known/oauth-protected-resource/mcp`, RFC 9728.
    Inserted,
    /// `/mcp/.well-known/oauth-protected-resource`, of some clients only.
    Appended,
    /// `/.well-known/oauth-protected-resource`.
    Root,
}

impl ResourceWellKnown {
    /// The URL for an MCP URL; `None` where it would be that of another form.
    #[must_use]
    pub fn url(self, mcp: &Url) -> Option<Url> {
        let path = mcp.path().trim_end_matches('/');
        match (self, path) {
            (Self::Inserted | Self::Appended, "") => None,
            (Self::Inserted, path) => at(mcp, &format!("{PROTECTED_RESOURCE_METADATA_PATH}{path}")),
            (Self::Appended, path) => at(mcp, &format!("{path}{PROTECTED_RESOURCE_METADATA_PATH}")),
            (Self::Root, _) => at(mcp, PROTECTED_RESOURCE_METADATA_PATH),
        }
    }
}

/// Where a client looks for the metadata of an issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerWellKnown {
    /// `/.well-known/oauth-authorization-server/<path>`, RFC 8414; at the root for an issuer without a path.
    OAuth,
    /// `/.well-known/openid-configuration/<path>`; at the root for an issuer without a path.
    OpenId,
    /// `/<path>/.well-known/openid-configuration`, OpenID Connect Discovery; only for an issuer with a path.
    OpenIdAppended,
    /// `/.well-known/oauth-authorization-server` of an issuer with a path.
    OAuthRoot,
    /// `/.well-known/openid-configuration` of an issuer with a path.
    OpenIdRoot,
}

impl ServerWellKnown {
    /// The URL for an issuer; `None` where it would be that of another form.
    #[must_use]
    pub fn url(self, issuer: &Url) -> Option<Url> {
        let path = issuer.path().trim_end_matches('/');
        let root = path.is_empty();
        match self {
            Self::OAuth => at(
                issuer,
                &format!("{AUTHORIZATION_SERVER_METADATA_PATH}{path}"),
            ),
            Self::OpenId => at(issuer, &format!("{OPENID_CONFIGURATION_PATH}{path}")),
            Self::OpenIdAppended if !root => {
                at(issuer, &format!("{path}{OPENID_CONFIGURATION_PATH}"))
            }
            Self::OAuthRoot if !root => at(issuer, AUTHORIZATION_SERVER_METADATA_PATH),
            Self::OpenIdRoot if !root => at(issuer, OPENID_CONFIGURATION_PATH),
            Self::OpenIdAppended | Self::OAuthRoot | Self::OpenIdRoot => None,
        }
    }
}

/// The same origin with another path, without query and fragment.
fn at(base: &Url, path: &str) -> Option<Url> {
    let mut url = base.clone();
    url.set_query(None);
    url.set_fragment(None);
    url.set_path(path);
    Some(url)
}

/// The origin of a URL as issuers without a path are written.
#[must_use]
pub(super) fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}
