//! One line per request for operators. Its fields are a closed list of identifiers and numbers: none can hold a code, a
//! token, a secret, a state or a user's name.

use serde::Serialize;

/// The log entry of one request.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub struct LogEvent {
    /// The endpoint: `authorize`, `consent`, `callback`, `sign-in`, `token`, `register`, `revoke`, `metadata` or
    /// `none`.
    pub endpoint: &'static str,
    /// HTTP status of the response.
    pub status: u16,
    /// Name of the reason for a refusal, as in [`crate::Failure::name`]; absent if the request was served.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<&'static str>,
    /// How Cognito's tokens differ from what was consented to, where they were refused for that: a fixed name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mismatch: Option<&'static str>,
    /// Why a client assertion was refused: a fixed name, as in [`crate::AssertionProblem::name`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assertion: Option<&'static str>,
    /// The internal detail for operators: a fixed sentence, never data of a request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<&'static str>,
    /// How the client was known: `preRegistered`, `metadataDocument`, `registered`, `machine`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_registration: Option<&'static str>,
    /// SHA-256 of the `client_id` in hexadecimal, of a client that is known here. `AUTHORIZATION_REFUSED_CLIENTS` takes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_digest: Option<String>,
    /// Host of the client's metadata document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_host: Option<String>,
    /// Identifier of the invocation, for finding the gateway's line of the same request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}
