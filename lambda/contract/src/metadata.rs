//! Builds the metadata documents of OAuth and their well-known URLs.

use serde::Serialize;

use crate::HttpUrl;

/// Where well-known documents are (RFC 8615).
pub const WELL_KNOWN_PATH: &str = "/.well-known";
/// Well-known path of protected resource metadata (RFC 9728 section 3).
pub const PROTECTED_RESOURCE_METADATA_PATH: &str = "/.well-known/oauth-protected-resource";
/// Well-known path of authorization server metadata (RFC 8414 section 3).
pub const AUTHORIZATION_SERVER_METADATA_PATH: &str = "/.well-known/oauth-authorization-server";
/// Well-known path of the same metadata in the form of OpenID Connect Discovery 1.0 section 4.
pub const OPENID_CONFIGURATION_PATH: &str = "/.well-known/openid-configuration";
/// Where Cognito has the keys of a user pool, below its issuer (RFC 7517).
pub const JWKS_PATH: &str = "/.well-known/jwks.json";

/// The authorization endpoint, below an issuer or the base of its endpoints (RFC 6749 section 3.1).
pub const AUTHORIZE_PATH: &str = "/authorize";

/// The token endpoint, likewise (RFC 6749 section 3.2).
pub const TOKEN_PATH: &str = "/token";

/// The endpoints of the authorization server in front of a user pool, below its issuer, with their HTTP methods. Scripts in
/// browsers may read only the responses of those with OPTIONS.
pub const AUTHORIZATION_ENDPOINTS: [(&str, &[&str]); 7] = [
    (AUTHORIZE_PATH, &["GET", "HEAD"]),
    ("/consent", &["POST"]),
    // Not HEAD, which promises to change nothing: a callback ends its sign-in, and a refused one burns the code.
    ("/callback", &["GET"]),
    ("/sign-in", &["GET", "HEAD"]),
    (TOKEN_PATH, &["POST", "OPTIONS"]),
    ("/register", &["POST", "OPTIONS"]),
    ("/revoke", &["POST", "OPTIONS"]),
];

/// The URL of the keys of a Cognito issuer.
#[must_use]
pub fn jwks_url(issuer: &str) -> String {
    format!("{}{JWKS_PATH}", issuer.trim_end_matches('/'))
}

/// The protected resource metadata of an MCP server (RFC 9728 section 2).
///
/// Behind the gateway the constructs serve this document without a function; the plain HTTP mode serves it itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProtectedResourceMetadata {
    /// The resource identifier: the exact MCP URL.
    pub resource: String,
    /// Issuers that may issue access tokens for it; at least one.
    pub authorization_servers: Vec<String>,
    /// Full scope strings.
    pub scopes_supported: Vec<String>,
    /// Always `header`: a token in a query string ends up in logs.
    pub bearer_methods_supported: Vec<&'static str>,
    /// Name for people.
    pub resource_name: String,
}

impl ProtectedResourceMetadata {
    /// The document for one resource identifier and its only authorization server.
    #[must_use]
    pub fn new(resource: &HttpUrl, issuer: &HttpUrl, scopes: Vec<String>, name: &str) -> Self {
        Self::from_strings(resource.as_str(), issuer.as_str(), scopes, name)
    }

    /// The same of strings that may be placeholders: the constructs get it as a template.
    #[must_use]
    pub fn from_strings(resource: &str, issuer: &str, scopes: Vec<String>, name: &str) -> Self {
        Self {
            resource: resource.to_owned(),
            authorization_servers: vec![issuer.to_owned()],
            scopes_supported: scopes,
            bearer_methods_supported: vec!["header"],
            resource_name: name.to_owned(),
        }
    }

    /// The URL at which clients look for the document of `resource`: the well-known path is inserted between the
    /// host and the path (RFC 9728 section 3.1).
    #[must_use]
    pub fn url(resource: &HttpUrl) -> String {
        let path = resource.path();
        let path = if path == "/" { "" } else { path };
        format!(
            "{}{PROTECTED_RESOURCE_METADATA_PATH}{path}",
            resource.origin()
        )
    }
}

/// How clients authenticate at an authorization server: public ones not at all.
const CLIENT_AUTHENTICATION: [&str; 3] = ["none", "client_secret_basic", "client_secret_post"];

/// How a program authenticates with a signed JWT in place of a secret (RFC 7523 section 2.2), besides those.
const PRIVATE_KEY_JWT: &str = "private_key_jwt";

/// Where an issuer of GitHub Actions has its keys, below it.
pub const GITHUB_KEYS_PATH: &str = "/.well-known/jwks";

/// What a client assertion may be signed with (RFC 7518 section 3.1, RFC 8037 section 3.1): asymmetric algorithms only. The
/// authorization server verifies these, and the constructs take keys for these.
pub const ASSERTION_ALGORITHMS: [&str; 9] = [
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA",
];

/// What changes in the metadata when a program authenticates with a client assertion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AssertionMetadata {
    token_endpoint_auth_methods_supported: Vec<&'static str>,
    token_endpoint_auth_signing_alg_values_supported: [&'static str; 9],
}

impl Default for AssertionMetadata {
    fn default() -> Self {
        Self {
            token_endpoint_auth_methods_supported: [&CLIENT_AUTHENTICATION[..], &[PRIVATE_KEY_JWT]]
                .concat(),
            token_endpoint_auth_signing_alg_values_supported: ASSERTION_ALGORITHMS,
        }
    }
}

/// Authorization server metadata (RFC 8414 section 2), of the server in front of a user pool or of the user pool itself.
///
/// The gateway serves these documents without a function: the constructs get them as templates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuthorizationServerMetadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    revocation_endpoint: String,
    /// Left out when clients cannot register themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registration_endpoint: Option<String>,
    jwks_uri: String,
    response_types_supported: [&'static str; 1],
    response_modes_supported: [&'static str; 1],
    grant_types_supported: [&'static str; 3],
    code_challenge_methods_supported: [&'static str; 1],
    token_endpoint_auth_methods_supported: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_endpoint_auth_signing_alg_values_supported: Option<[&'static str; 9]>,
    scopes_supported: Vec<String>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    own: Option<OwnMetadata>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    openid: Option<OpenIdMetadata>,
}

/// What only the server in front of a user pool can do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct OwnMetadata {
    revocation_endpoint_auth_methods_supported: [&'static str; 3],
    authorization_response_iss_parameter_supported: bool,
    client_id_metadata_document_supported: bool,
    protected_resources: Vec<String>,
}

/// The members that OpenID Connect Discovery 1.0 section 3 requires besides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct OpenIdMetadata {
    subject_types_supported: [&'static str; 1],
    id_token_signing_alg_values_supported: [&'static str; 1],
    /// Its default in this document is true.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_uri_parameter_supported: Option<bool>,
}

impl AuthorizationServerMetadata {
    /// The document of the server in front of a user pool, whose endpoints are below its issuer. `jwks_uri` is Cognito's,
    /// because Cognito signs.
    #[must_use]
    pub fn of_server(
        issuer: &str,
        jwks_uri: &str,
        scopes: Vec<String>,
        resources: Vec<String>,
        client_documents: bool,
    ) -> Self {
        let own = OwnMetadata {
            revocation_endpoint_auth_methods_supported: CLIENT_AUTHENTICATION,
            authorization_response_iss_parameter_supported: true,
            client_id_metadata_document_supported: client_documents,
            protected_resources: resources,
        };
        Self::new(issuer, issuer, jwks_uri, scopes, Some(own))
    }

    /// The document of a user pool, whose endpoints are below its domain: what Cognito's own document lacks and MCP clients
    /// require, above all `code_challenge_methods_supported`.
    ///
    /// Does not list `offline_access`, which Cognito refuses, nor `authorization_response_iss_parameter_supported`, because
    /// Cognito does not send `iss`. The `iss` of an access token stays the user pool's: only the MCP server checks it.
    #[must_use]
    pub fn of_user_pool(
        issuer: &str,
        sign_in_url: &str,
        jwks_uri: &str,
        scopes: Vec<String>,
    ) -> Self {
        let endpoints = format!("{sign_in_url}/oauth2");
        Self::new(issuer, &endpoints, jwks_uri, scopes, None)
    }

    /// The same metadata in the form of OpenID Connect Discovery 1.0 section 3, for MCP clients that ask for that document
    /// only.
    #[must_use]
    pub fn openid(self) -> Self {
        let openid = OpenIdMetadata {
            subject_types_supported: ["public"],
            id_token_signing_alg_values_supported: ["RS256"],
            request_uri_parameter_supported: self.own.is_some().then_some(false),
        };
        Self {
            openid: Some(openid),
            ..self
        }
    }

    /// The same metadata of a server at which programs may authenticate with a client assertion.
    #[must_use]
    pub fn with_assertions(self) -> Self {
        let AssertionMetadata {
            token_endpoint_auth_methods_supported,
            token_endpoint_auth_signing_alg_values_supported,
        } = AssertionMetadata::default();
        Self {
            token_endpoint_auth_methods_supported,
            token_endpoint_auth_signing_alg_values_supported: Some(
                token_endpoint_auth_signing_alg_values_supported,
            ),
            ..self
        }
    }

    fn new(
        issuer: &str,
        endpoints: &str,
        jwks_uri: &str,
        scopes: Vec<String>,
        own: Option<OwnMetadata>,
    ) -> Self {
        Self {
            issuer: issuer.to_owned(),
            authorization_endpoint: format!("{endpoints}{AUTHORIZE_PATH}"),
            token_endpoint: format!("{endpoints}{TOKEN_PATH}"),
            revocation_endpoint: format!("{endpoints}/revoke"),
            registration_endpoint: Some(format!("{endpoints}/register")),
            jwks_uri: jwks_uri.to_owned(),
            response_types_supported: ["code"],
            response_modes_supported: ["query"],
            grant_types_supported: ["authorization_code", "refresh_token", "client_credentials"],
            code_challenge_methods_supported: ["S256"],
            token_endpoint_auth_methods_supported: CLIENT_AUTHENTICATION.to_vec(),
            token_endpoint_auth_signing_alg_values_supported: None,
            scopes_supported: scopes,
            own,
            openid: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ProtectedResourceMetadata;
    use crate::HttpUrl;

    #[test]
    fn inserts_the_well_known_path_before_the_path_of_the_resource() {
        for (resource, expected) in [
            (
                "https://a.example/mcp",
                "https://a.example/.well-known/oauth-protected-resource/mcp",
            ),
            (
                "https://a.example/",
                "https://a.example/.well-known/oauth-protected-resource",
            ),
            (
                "https://a.example",
                "https://a.example/.well-known/oauth-protected-resource",
            ),
            (
                "http://127.0.0.1:3030/prod/mcp",
                "http://127.0.0.1:3030/.well-known/oauth-protected-resource/prod/mcp",
            ),
        ] {
            assert_eq!(
                ProtectedResourceMetadata::url(&HttpUrl::parse(resource).unwrap()),
                expected
            );
        }
    }
}
