//! Defines [`Client`], what is known about a client for an authorization request.

use crate::oauth::redirect::{Destination, RedirectUri};

/// How a client was registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ClientKind {
    /// By the operator, in the settings.
    PreRegistered,
    /// By the document at its own URL.
    MetadataDocument {
        /// Host of that URL, the only verified fact about the client.
        host: String,
    },
    /// By itself, at `/register`.
    Registered,
}

impl ClientKind {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::PreRegistered => "preRegistered",
            Self::MetadataDocument { .. } => "metadataDocument",
            Self::Registered => "registered",
        }
    }

    pub(crate) fn document_host(&self) -> Option<&str> {
        match self {
            Self::MetadataDocument { host } => Some(host),
            Self::PreRegistered | Self::Registered => None,
        }
    }
}

/// The data about a client for an authorization request.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) id: String,
    pub(crate) kind: ClientKind,
    pub(crate) name: Option<String>,
    pub(crate) redirect_uris: Vec<RedirectUri>,
    /// The scopes that it may request; all if `None`.
    pub(crate) scopes: Option<Vec<String>>,
    /// Whether it authenticates with a secret.
    pub(crate) confidential: bool,
}

impl Client {
    /// Whether the displayed name can only belong to this client: the operator has set it, and another client cannot
    /// use the code, because it lacks the secret or is not at that web address. On loopback and behind a custom scheme
    /// any program can use the `client_id` of a public client.
    pub(crate) fn is_vouched_for(&self, redirect_uri: &RedirectUri) -> bool {
        self.kind == ClientKind::PreRegistered
            && (self.confidential || *redirect_uri.destination() == Destination::Https)
    }
}
