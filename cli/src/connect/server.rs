//! The server that a client is connected to.

use mcp_lambda_contract::SERVER_NAME;
use url::Url;

/// The server to connect to.
#[derive(Debug, Clone)]
pub struct Server {
    /// What the client calls it.
    pub name: String,
    /// Its MCP URL.
    pub url: Url,
}

/// A name for the server of a URL: the path before `/mcp`, else the host.
#[must_use]
pub fn name_of_url(url: &Url) -> String {
    let path = url.path().trim_end_matches('/').trim_end_matches("/mcp");
    let last = path.rsplit('/').next().unwrap_or_default();
    let host = url.host_str().unwrap_or_default();
    [last, host]
        .iter()
        .map(|name| {
            name.replace(
                |letter: char| !letter.is_ascii_alphanumeric() && letter != '_',
                "-",
            )
        })
        .map(|name| name.trim_matches('-').to_owned())
        .find(|name| SERVER_NAME.allows(name))
        .unwrap_or_else(|| "mcp-server".to_owned())
}
