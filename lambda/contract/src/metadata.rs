//! Builds protected resource metadata and its well-known URL (RFC 9728 sections 2 and 3.1).

use serde::Serialize;

use crate::HttpUrl;

/// Well-known path of protected resource metadata (RFC 9728 section 3).
pub const PROTECTED_RESOURCE_METADATA_PATH: &str = "/.well-known/oauth-protected-resource";

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
        Self {
            resource: resource.as_str().to_owned(),
            authorization_servers: vec![issuer.as_str().to_owned()],
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
