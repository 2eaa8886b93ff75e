//! Why a request is refused: the status, what is wrong, and what to do.

use http::StatusCode;

use crate::sealing::{SealError, SecretUnavailable};
use crate::sign_in::SignInError;
use crate::store::TableError;

/// Why a request is refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    /// Nobody is signed in in this browser.
    #[error("you are not signed in, or the sign-in has expired")]
    NotSignedIn,
    /// The request came from another site.
    #[error("the request came from another site")]
    OtherSite,
    /// There is no such page, or it belongs to somebody else.
    #[error("there is no such page")]
    NotFound,
    /// The method.
    #[error("this address takes no such request")]
    Method,
    /// A field of a form.
    #[error("{0}")]
    Field(String),
    /// The state of the conversation.
    #[error("{0}")]
    NotNow(String),
    /// The conversation runs already.
    #[error(
        "the last question of this conversation is still being answered, in another tab perhaps"
    )]
    Busy,
    /// The conversation was changed meanwhile.
    #[error("this conversation was changed in another tab")]
    Changed,
    /// The conversation is too long.
    #[error("this conversation is too long to be saved")]
    TooLong,
    /// A limit of the person.
    #[error("{words}")]
    Throttled {
        /// Which.
        words: String,
        /// Seconds until it can work.
        retry_after: u64,
    },
    /// A sign-in.
    #[error(transparent)]
    SignIn(#[from] SignInError),
    /// Who a person is.
    #[error("nobody can be signed in by {server}: {cause}")]
    NoPerson {
        /// The first server.
        server: String,
        /// Why.
        cause: String,
    },
    /// The service itself.
    #[error("the service does not work right now")]
    Unavailable {
        /// For the log.
        cause: String,
    },
}

impl Problem {
    /// The status of the response.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            // A page has no challenge, and gateways rewrite a 401.
            Self::NotSignedIn | Self::OtherSite => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Field(_) => StatusCode::BAD_REQUEST,
            Self::NotNow(_) | Self::Busy | Self::Changed => StatusCode::CONFLICT,
            Self::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Throttled { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::SignIn(_) | Self::NoPerson { .. } => StatusCode::BAD_GATEWAY,
            Self::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// What the person can do.
    pub(crate) fn fix(&self) -> &'static str {
        match self {
            Self::NotSignedIn => "Sign in; your conversations are kept.",
            Self::OtherSite => "Open the page itself and try again.",
            Self::NotFound => {
                "It may have been deleted, or have reached its age. Start from the list of conversations."
            }
            Self::Method | Self::Field(_) => "Go back and try again.",
            Self::NotNow(_) | Self::Changed => "Reload the page to see its newest state.",
            Self::Busy => "Wait until it is done, or stop it.",
            Self::TooLong => "Export it if you need it, and start a new one.",
            Self::Throttled { .. } => "Wait, then ask again.",
            Self::SignIn(_) => {
                "Try again. If it happens again, show this to the people who run the server."
            }
            Self::NoPerson { .. } => "Show this to the people who run this page.",
            Self::Unavailable { .. } => "Wait a moment, then try again.",
        }
    }
}

impl From<TableError> for Problem {
    fn from(error: TableError) -> Self {
        match error {
            TableError::Conflict => Self::Changed,
            TableError::TooLarge => Self::TooLong,
            TableError::Unavailable(cause) => Self::Unavailable {
                cause: format!("the table cannot be used: {cause}"),
            },
        }
    }
}

impl From<SecretUnavailable> for Problem {
    fn from(error: SecretUnavailable) -> Self {
        let cause = error.to_string();
        Self::Unavailable { cause }
    }
}

impl From<SealError> for Problem {
    fn from(error: SealError) -> Self {
        match error {
            SealError::UnknownKey | SealError::Rejected => Self::NotSignedIn,
            SealError::NoRandomness => Self::Unavailable {
                cause: error.to_string(),
            },
        }
    }
}
