//! The verdict about one client.

use serde::Serialize;

/// Whether a client connects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// From the URL alone, as far as could be seen without a person's sign-in.
    Connects,
    /// With an id that a person configures.
    AsksForClientId,
    /// Not at all.
    DoesNotConnect,
}

/// The steps of a client's way in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Step {
    /// Connection and first request.
    FirstRequest,
    /// Protected resource metadata.
    ResourceMetadata,
    /// Authorization server metadata.
    ServerMetadata,
    /// The client's id.
    Registration,
    /// The URL that the browser is sent to.
    AuthorizationRequest,
    /// The exchange of a code.
    TokenEndpoint,
    /// Requests with the access token.
    SignedRequests,
}

impl Step {
    /// Name for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::FirstRequest => "first request",
            Self::ResourceMetadata => "protected resource metadata",
            Self::ServerMetadata => "authorization server metadata",
            Self::Registration => "client registration",
            Self::AuthorizationRequest => "authorization request",
            Self::TokenEndpoint => "token endpoint",
            Self::SignedRequests => "requests with the access token",
        }
    }
}

/// What stops a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Obstacle {
    /// Where.
    pub step: Step,
    /// The check that explains it.
    pub check: &'static str,
    /// What was seen, with the value.
    pub detail: String,
    /// Number of the exchange that shows it.
    pub exchange: Option<usize>,
}

/// The verdict about one client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Whether it connects.
    pub outcome: Outcome,
    /// The first failing step.
    pub obstacle: Option<Obstacle>,
    /// How the client names itself.
    pub identity: Option<&'static str>,
    /// What was not checked for this client.
    pub unchecked: Vec<String>,
}
