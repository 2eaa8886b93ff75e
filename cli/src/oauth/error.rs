//! Errors of signing in. Every message names the server or the file, the cause and the fix, and never a token.

use std::path::PathBuf;

use rmcp::transport::auth::AuthError;
use url::Url;

use crate::causes::causes;

/// Why signing in, or speaking with the server afterwards, failed.
#[derive(Debug, thiserror::Error)]
pub enum OAuthError {
    /// No HTTP response.
    #[error("{url} cannot be reached: {cause}; check the URL and the network")]
    Unreachable {
        /// The MCP server.
        url: Url,
        /// The innermost cause.
        cause: String,
    },
    /// The server asks for an access token and does not say where to get one.
    #[error(
        "{url} wants an access token and publishes no OAuth metadata: ask its operator, and see what `mcp-lambda doctor {url}` finds"
    )]
    NoMetadata {
        /// The MCP server.
        url: Url,
    },
    /// The metadata of the server or of its authorization server is unusable.
    #[error(
        "the OAuth metadata of {url} cannot be used: {cause}; see what `mcp-lambda doctor {url}` finds"
    )]
    Metadata {
        /// The MCP server.
        url: Url,
        /// What is wrong with it.
        cause: String,
    },
    /// The authorization server did not register the client.
    #[error(
        "the authorization server of {url} does not register this client ({cause}): give the id of a client that it knows with --client-id"
    )]
    Registration {
        /// The MCP server.
        url: Url,
        /// What it said.
        cause: String,
    },
    /// The redirect came back with an error.
    #[error("the sign-in at {url} was refused: {cause}")]
    Refused {
        /// The MCP server.
        url: Url,
        /// The error code of OAuth, with the authorization server's description.
        cause: String,
    },
    /// No sign-in was completed in time.
    #[error("no sign-in was completed at {url} within {minutes} minutes: run the command again")]
    TimedOut {
        /// The MCP server.
        url: Url,
        /// The limit.
        minutes: u64,
    },
    /// The token endpoint refused the code or the client credentials.
    #[error("{url} gave no access token: {cause}")]
    NoAccessToken {
        /// The MCP server.
        url: Url,
        /// What it said.
        cause: String,
    },
    /// The sign-in has expired and cannot be refreshed.
    #[error(
        "the sign-in at {url} has expired: run `mcp-lambda token --url {url}` to sign in again"
    )]
    Expired {
        /// The MCP server.
        url: Url,
    },
    /// The loopback listener of the redirect.
    #[error(
        "port {port} of the redirect URI cannot be used: {cause}; choose another with --callback-port"
    )]
    Listener {
        /// The port.
        port: u16,
        /// What the operating system said.
        cause: std::io::Error,
    },
    /// The private key of a program.
    #[error(
        "the key of --assertion-key cannot sign: give a private key of `openssl genpkey` (PKCS #8, PEM): RSA of 2048 bits at least, P-256, P-384 or Ed25519"
    )]
    AssertionKey,
    /// A file with tokens.
    #[error("{file} cannot be used: {cause}", file = file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What the operating system or the JSON parser said.
        cause: std::io::Error,
    },
    /// There is no directory for the tokens.
    #[error("there is no directory for the sign-in: set HOME or XDG_STATE_HOME")]
    NoDirectory,
    /// The MCP handshake failed.
    #[error(
        "{url} is no MCP server that this command can speak with: {cause}; see what `mcp-lambda doctor {url}` finds"
    )]
    Handshake {
        /// The MCP server.
        url: Url,
        /// What failed.
        cause: String,
    },
}

impl OAuthError {
    /// For [`std::io::Result::map_err`].
    pub(super) fn file(file: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let file = file.into();
        move |cause| Self::File { file, cause }
    }

    /// An error of the discovery.
    pub(super) fn metadata(url: &Url) -> impl FnOnce(AuthError) -> Self {
        let url = url.clone();
        move |error| {
            if let AuthError::DiscoveryRequestFailed { source, .. } = &error
                && source.is::<reqwest::Error>()
            {
                return Self::Unreachable {
                    cause: causes(&**source),
                    url,
                };
            }
            Self::Metadata {
                cause: causes(&error),
                url,
            }
        }
    }

    /// An error of the token endpoint.
    pub(super) fn access_token(url: &Url) -> impl FnOnce(AuthError) -> Self {
        let url = url.clone();
        move |error| {
            if matches!(error, AuthError::AuthorizationRequired) {
                return Self::Expired { url };
            }
            Self::NoAccessToken {
                cause: causes(&error),
                url,
            }
        }
    }
}
