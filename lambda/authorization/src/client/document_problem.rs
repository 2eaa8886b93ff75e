//! Lists why a client metadata document is refused.

use crate::capability::TransportFailure;

/// Why a metadata document was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(
    missing_docs,
    reason = "the variants' meaning is their sentence in `fix`"
)]
pub enum DocumentProblem {
    NotResolved,
    NotPublic,
    Transport(TransportFailure),
    NotOk,
    NotJson,
    ContentCoding,
    Malformed,
    OtherClientId,
    NoName,
    NoRedirects,
    TooManyRedirects,
    HasSecret,
    SecretAuthentication,
    KeyAuthentication,
    NoCodeGrant,
}

impl DocumentProblem {
    /// Whether the host could not be reached, as when this server has no internet access.
    pub(crate) fn is_unreachable(self) -> bool {
        matches!(
            self,
            Self::NotResolved
                | Self::NotPublic
                | Self::Transport(TransportFailure::Unreachable | TransportFailure::TimedOut)
        )
    }

    /// What is wrong with the document, for the people who publish it.
    pub fn fix(self) -> &'static str {
        match self {
            // Resolution and address share a sentence, which must not reveal our network.
            Self::NotResolved | Self::NotPublic => "its host has no public address",
            Self::Transport(TransportFailure::Unreachable) => "its host could not be reached",
            Self::Transport(TransportFailure::TimedOut) => "its host did not answer in time",
            Self::Transport(TransportFailure::TooLarge) => "it is larger than 5 KB",
            Self::NotOk => "its URL must answer 200 without a redirect",
            Self::NotJson => "its content type must be application/json",
            Self::ContentCoding => "it must be sent without compression",
            Self::Malformed => "it is not a JSON object with the expected members",
            Self::OtherClientId => "its client_id is not its own URL",
            Self::NoName => "it has no client_name",
            Self::NoRedirects => "it has no redirect_uris",
            Self::TooManyRedirects => "it has more than 20 redirect_uris",
            Self::HasSecret => "it contains a client_secret, which a public document cannot keep",
            Self::SecretAuthentication => {
                "its token_endpoint_auth_method uses a shared secret; use none"
            }
            Self::KeyAuthentication => {
                "its token_endpoint_auth_method is not supported here; use none"
            }
            Self::NoCodeGrant => "its grant_types do not include authorization_code",
        }
    }
}
