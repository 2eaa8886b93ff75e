//! Defines the environment variables of the Lambda authorizer.

use std::collections::BTreeMap;

use mcp_lambda_contract::setting_names::{
    AUTHORIZER_AUDIENCES, AUTHORIZER_SCOPE_INCLUDES, AUTHORIZER_SCOPES, AUTHORIZER_TOKEN_SHA256,
    AUTHORIZER_TOKENS, AUTHORIZER_TOOLS, AUTHORIZER_USAGE_CLIENTS, AUTHORIZER_USAGE_KEY,
};
use mcp_lambda_contract::{List, SHA256_DIGEST, SettingType, SettingValue};

mcp_lambda_contract::settings! {
    /// The Lambda authorizer's own settings, besides `MCP_RESOURCE`, `MCP_ISSUER`, `MCP_JWKS_URL` and
    /// `MCP_AUDIENCE_REQUIRED`.
    pub(crate) struct AuthorizerSettings owned by McpLambda {
        /// What access tokens are: cognito (signed by the user pool), jwt (signed by another OpenID Connect provider)
        /// or digest (texts whose SHA-256 are known).
        pub(crate) tokens: TokenKind = AUTHORIZER_TOKENS or "cognito",
        /// With jwt: values of aud that mean this server.
        pub(crate) audiences: Option<List> = AUTHORIZER_AUDIENCES,
        /// With jwt: the OAuth scopes of the server, by name, that count when an access token names them without the
        /// resource identifier. With digest: the OAuth scopes that every token carries.
        pub(crate) scopes: Option<List> = AUTHORIZER_SCOPES,
        /// With digest: SHA-256 of each token, in lower-case hexadecimal.
        pub(crate) digests: Option<Digests> = AUTHORIZER_TOKEN_SHA256,
        /// Each tool with the names of the OAuth scopes that it needs, as a JSON object. Absent: the function alone
        /// decides about tools.
        pub(crate) tools: Option<NamesByName> = AUTHORIZER_TOOLS,
        /// Each OAuth scope that includes others with their names, as a JSON object. Absent: none does.
        pub(crate) includes: Option<NamesByName> = AUTHORIZER_SCOPE_INCLUDES,
        /// The API key that requests of every app client without one of its own count against. Absent: no request counts
        /// against any.
        pub(crate) usage_key: Option<String> = AUTHORIZER_USAGE_KEY,
        /// With AUTHORIZER_USAGE_KEY: the ids of the app clients with an API key of their own, which is AUTHORIZER_USAGE_KEY followed
        /// by the letters and digits of the id.
        pub(crate) usage_clients: Option<List> = AUTHORIZER_USAGE_CLIENTS,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    Cognito,
    Jwt,
    Digest,
}

impl SettingValue for TokenKind {
    const TYPE: SettingType = SettingType::String;

    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "cognito" => Ok(Self::Cognito),
            "jwt" => Ok(Self::Jwt),
            "digest" => Ok(Self::Digest),
            _ => Err("be cognito, jwt or digest".to_owned()),
        }
    }
}

/// Names of OAuth scopes by the name of a tool or of a scope that includes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NamesByName(pub(crate) BTreeMap<String, Vec<String>>);

impl SettingValue for NamesByName {
    const TYPE: SettingType = SettingType::String;

    fn parse(text: &str) -> Result<Self, String> {
        serde_json::from_str(text)
            .map(Self)
            .map_err(|_| "be a JSON object of lists of texts".to_owned())
    }
}

/// SHA-256 digests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Digests(pub(crate) Vec<String>);

impl SettingValue for Digests {
    const TYPE: SettingType = SettingType::List;
    // A malformed value may be the token itself.
    const SECRET: bool = true;

    fn parse(text: &str) -> Result<Self, String> {
        let List(digests) = List::parse(text)?;
        if digests.iter().all(|digest| SHA256_DIGEST.allows(digest)) {
            Ok(Self(digests))
        } else {
            Err("be SHA-256 digests of 64 lower-case hexadecimal digits".to_owned())
        }
    }
}
