//! Why a sign-in fails, for the person: never a token.

use rmcp::transport::auth::AuthError;

/// Why a sign-in fails.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SignInError {
    /// No response.
    #[error("{server} cannot be reached: {cause}")]
    Unreachable {
        /// The server.
        server: String,
        /// Why.
        cause: String,
    },
    /// No metadata.
    #[error("{0} publishes no OAuth metadata: paste an access token, if you have one")]
    NoMetadata(String),
    /// Unusable metadata.
    #[error("the OAuth metadata of {server} cannot be used: {cause}")]
    Metadata {
        /// The server.
        server: String,
        /// Why.
        cause: String,
    },
    /// No registration.
    #[error(
        "the authorization server of {server} does not register this page as a client: {cause}"
    )]
    Registration {
        /// The server.
        server: String,
        /// Why.
        cause: String,
    },
    /// The person or the authorization server said no.
    #[error("the sign-in at {server} was refused: {cause}")]
    Refused {
        /// The server.
        server: String,
        /// Its error.
        cause: String,
    },
    /// No token for the code.
    #[error("{server} gave no access token: {cause}")]
    NoToken {
        /// The server.
        server: String,
        /// Why.
        cause: String,
    },
}

/// An error of the SDK in one line, with what caused it.
pub(super) fn causes(error: &AuthError) -> String {
    let mut line = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let words = error.to_string();
        if !line.contains(&words) {
            line.push_str(": ");
            line.push_str(&words);
        }
        cause = error.source();
    }
    line
}
