//! Says how a tools API is reached and who may use it.

use crate::HttpUrl;

/// Name of the scheme for API keys.
pub(super) const API_KEY: &str = "apiKey";
/// Name of the scheme for access tokens.
pub(super) const ACCESS_TOKEN: &str = "accessToken";

/// How a tools API is reached and who may use it.
#[derive(Clone, Copy, Debug)]
pub struct ToolsApiAccess<'a> {
    /// The base URL of the endpoints; `None` when it is not known.
    pub url: Option<&'a HttpUrl>,
    /// The resource identifier, with which OAuth scopes begin in access tokens; `None` when it is not known.
    pub resource: Option<&'a HttpUrl>,
    /// Whether callers may use API keys.
    pub takes_keys: bool,
    /// Whether callers may use access tokens of the MCP server.
    pub takes_access_tokens: bool,
}
