//! Lists every reason for refusing a request and maps each one to its HTTP and OAuth response.

use std::borrow::Cow;

use http::StatusCode;

use crate::{client::document_problem::DocumentProblem, oauth::redirect::RedirectProblem};

/// Every reason for which a request is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(
    missing_docs,
    reason = "the variants' meaning is their caller message, a few lines below"
)]
pub enum Failure {
    NoSuchPath,
    MethodNotAllowed {
        allow: &'static str,
    },
    OriginNotAllowed,
    BodyTooLarge {
        limit: usize,
    },
    ContentType {
        expected: &'static str,
    },
    MalformedBody,
    DuplicateParameter {
        name: String,
    },
    MissingParameter {
        name: &'static str,
    },
    ParameterTooLong {
        name: String,
    },
    ClientUnknown,
    ClientExpired,
    ClientUrlMalformed,
    ClientDocument(DocumentProblem),
    ClientDocumentsOff,
    ClientRefused,
    RegistrationOff,
    RegisteredClientsOff,
    RedirectMissing,
    RedirectNotRegistered,
    RedirectRefused {
        uri: String,
        problem: RedirectProblem,
    },
    RegistrationMember {
        member: &'static str,
        fix: &'static str,
    },
    ResponseTypeUnsupported,
    ResponseModeUnsupported,
    RequestObjectUnsupported,
    InteractionRequired,
    ChallengeMissing,
    ChallengeNotS256,
    ChallengeMalformed,
    ScopeUnknown {
        requested: String,
    },
    ResourceForeign {
        requested: String,
    },
    ResourceMissing,
    ResourceSeveral,
    ResourceNotGranted,
    ResourceNotForClient,
    ConsentNotOpened,
    ConsentExpired,
    ConsentOtherBrowser,
    ConsentCrossOrigin,
    ConsentDenied,
    TransactionNotOpened,
    TransactionExpired,
    TransactionOtherBrowser,
    UpstreamMixUp,
    SignInCancelled,
    SignInFailed,
    ClientAuthenticationMissing,
    ClientAuthenticationTwice,
    ClientAuthenticationMalformed,
    ClientAuthenticationWrong,
    ClientAuthenticationUnexpected,
    MachineClientReserved,
    GrantTypeUnsupported {
        requested: String,
    },
    CodeNotAccepted,
    VerifierMalformed,
    RefreshNotAccepted,
    RevocationUnsupported,
    UpstreamRefusedGrant,
    UpstreamRefusedMachineClient,
    UpstreamRefusedScope,
    UpstreamRefusedUs,
    UpstreamUnreachable,
    UpstreamMalformed,
    TokenNotAsConsented,
    MachineScopesOpen,
    Throttled {
        retry_after: u64,
    },
    SecretsUnavailable,
    RandomnessUnavailable,
}

/// How a failure looks on the wire: RFC 6749 sections 4.1.2.1 and 5.2, RFC 7591 section 3.2.2, RFC 7009 section 2.2.1,
/// RFC 8707 section 2, OpenID Connect Core section 3.1.2.6.
pub struct Wire {
    /// HTTP status where the failure is not sent by redirect.
    pub status: StatusCode,
    /// The value of `error`.
    pub code: &'static str,
}

impl Failure {
    /// The failure of this name, if a sign-in can end with it in the browser.
    pub(crate) fn of_sign_in(name: &str) -> Option<Self> {
        [
            Self::TransactionNotOpened,
            Self::TransactionExpired,
            Self::TransactionOtherBrowser,
            Self::UpstreamMixUp,
            Self::SignInCancelled,
            Self::SignInFailed,
            Self::SecretsUnavailable,
            Self::RandomnessUnavailable,
        ]
        .into_iter()
        .find(|failure| failure.name() == name)
    }

    /// Stable identifier for logs and `docs/errors.md`.
    pub fn name(&self) -> &'static str {
        self.entry().0
    }

    /// Status and `error` value.
    pub fn wire(&self) -> Wire {
        let (_, status, code, _) = self.entry();
        Wire { status, code }
    }

    /// The message for the caller: the problem and the fix, without internal details.
    pub fn caller_message(&self) -> String {
        self.entry().3.into_owned()
    }

    /// Name, status, `error` value and message. The only mapping; there is no wildcard arm on purpose.
    fn entry(&self) -> (&'static str, StatusCode, &'static str, Cow<'static, str>) {
        use StatusCode as S;
        const BAD: S = S::BAD_REQUEST;
        match self {
            Self::NoSuchPath => ("NoSuchPath", S::NOT_FOUND, "not_found", "there is nothing at this path".into()),
            Self::MethodNotAllowed { allow } => ("MethodNotAllowed", S::METHOD_NOT_ALLOWED, "invalid_request", format!("use {allow}").into()),
            Self::OriginNotAllowed => ("OriginNotAllowed", S::FORBIDDEN, "invalid_request", "this web origin is not listed in MCP_ALLOWED_ORIGINS".into()),
            Self::BodyTooLarge { limit } => ("BodyTooLarge", S::PAYLOAD_TOO_LARGE, "invalid_request", format!("the body is longer than {limit} bytes").into()),
            Self::ContentType { expected } => ("ContentType", BAD, "invalid_request", format!("send the body as {expected}").into()),
            Self::MalformedBody => ("MalformedBody", BAD, "invalid_request", "the body cannot be read".into()),
            Self::DuplicateParameter { name } => ("DuplicateParameter", BAD, "invalid_request", format!("parameter '{name}' is given more than once").into()),
            Self::MissingParameter { name } => ("MissingParameter", BAD, "invalid_request", format!("parameter '{name}' is missing").into()),
            Self::ParameterTooLong { name } => ("ParameterTooLong", BAD, "invalid_request", format!("parameter '{name}' is too long").into()),
            Self::ClientUnknown => ("ClientUnknown", S::UNAUTHORIZED, "invalid_client", "this client is not known here; register it again".into()),
            Self::ClientExpired => ("ClientExpired", S::UNAUTHORIZED, "invalid_client", "this client's registration has expired; register it again".into()),
            Self::ClientUrlMalformed => ("ClientUrlMalformed", S::UNAUTHORIZED, "invalid_client", "a client_id that is a URL must be https with a path, a public host name, and no port, user, query, fragment or dot segment".into()),
            Self::ClientDocument(problem) => ("ClientDocument", S::UNAUTHORIZED, "invalid_client", format!("the client's metadata document was not accepted: {}", problem.fix()).into()),
            Self::ClientDocumentsOff => ("ClientDocumentsOff", S::UNAUTHORIZED, "invalid_client", "client metadata documents are switched off here; register the client".into()),
            Self::ClientRefused => ("ClientRefused", S::UNAUTHORIZED, "invalid_client", "the operator of this server refuses this client".into()),
            Self::RegistrationOff => ("RegistrationOff", S::FORBIDDEN, "access_denied", "dynamic registration is switched off here".into()),
            Self::RegisteredClientsOff => ("RegisteredClientsOff", S::UNAUTHORIZED, "invalid_client", "clients that register themselves are switched off here; ask the operator to register this client".into()),
            Self::RedirectMissing => ("RedirectMissing", BAD, "invalid_request", "parameter 'redirect_uri' is missing, and only a client that has registered exactly one, a loopback one with its port, may leave it out".into()),
            Self::RedirectNotRegistered => ("RedirectNotRegistered", BAD, "invalid_request", "redirect_uri is not one that this client has registered".into()),
            Self::RedirectRefused { uri, problem } => ("RedirectRefused", BAD, "invalid_redirect_uri", format!("redirect URI '{uri}' cannot be used: {}", problem.fix()).into()),
            Self::RegistrationMember { member, fix } => ("RegistrationMember", BAD, "invalid_client_metadata", format!("member '{member}': {fix}").into()),
            Self::ResponseTypeUnsupported => ("ResponseTypeUnsupported", BAD, "unsupported_response_type", "response_type must be code".into()),
            Self::ResponseModeUnsupported => ("ResponseModeUnsupported", BAD, "invalid_request", "response_mode must be query".into()),
            Self::RequestObjectUnsupported => ("RequestObjectUnsupported", BAD, "request_not_supported", "send the parameters themselves, not request or request_uri".into()),
            Self::InteractionRequired => ("InteractionRequired", BAD, "interaction_required", "prompt=none cannot be served: consent is asked every time".into()),
            Self::ChallengeMissing => ("ChallengeMissing", BAD, "invalid_request", "code_challenge is missing; PKCE is required".into()),
            Self::ChallengeNotS256 => ("ChallengeNotS256", BAD, "invalid_request", "code_challenge_method must be S256".into()),
            Self::ChallengeMalformed => ("ChallengeMalformed", BAD, "invalid_request", "code_challenge must be 43 characters of base64url".into()),
            Self::ScopeUnknown { requested } => ("ScopeUnknown", BAD, "invalid_scope", format!("scope '{requested}' is not one this client may ask for; scopes_supported of the metadata lists them").into()),
            Self::ResourceForeign { requested } => ("ResourceForeign", BAD, "invalid_target", format!("resource '{requested}' is not served here; use the resource of the protected resource metadata").into()),
            Self::ResourceMissing => ("ResourceMissing", BAD, "invalid_target", "several MCP servers get their access tokens here; name one with resource, or ask for the scopes of one".into()),
            Self::ResourceSeveral => ("ResourceSeveral", BAD, "invalid_target", "an access token is for one MCP server; ask for one resource at a time".into()),
            Self::ResourceNotGranted => ("ResourceNotGranted", BAD, "invalid_target", "resource is not the MCP server that access was allowed to; sign in for that one".into()),
            Self::ResourceNotForClient => ("ResourceNotForClient", S::FORBIDDEN, "access_denied", "this client may not ask for any scope of that MCP server".into()),
            Self::ConsentNotOpened => ("ConsentNotOpened", BAD, "invalid_request", "this form is not one of ours".into()),
            Self::ConsentExpired => ("ConsentExpired", BAD, "invalid_request", "this page was open for too long".into()),
            Self::ConsentOtherBrowser => ("ConsentOtherBrowser", S::FORBIDDEN, "access_denied", "this request was started in another browser, or cookies are blocked".into()),
            Self::ConsentCrossOrigin => ("ConsentCrossOrigin", S::FORBIDDEN, "access_denied", "the form was sent from another site".into()),
            Self::ConsentDenied => ("ConsentDenied", S::FORBIDDEN, "access_denied", "access was not allowed".into()),
            Self::TransactionNotOpened => ("TransactionNotOpened", BAD, "invalid_request", "this sign-in was not started here".into()),
            Self::TransactionExpired => ("TransactionExpired", BAD, "invalid_request", "the sign-in took too long".into()),
            Self::TransactionOtherBrowser => ("TransactionOtherBrowser", S::FORBIDDEN, "access_denied", "this sign-in was not approved in this browser, or it was already completed".into()),
            Self::UpstreamMixUp => ("UpstreamMixUp", BAD, "invalid_request", "the answer came from another identity provider".into()),
            Self::SignInCancelled => ("SignInCancelled", S::FORBIDDEN, "access_denied", "sign-in was cancelled".into()),
            Self::SignInFailed => ("SignInFailed", S::BAD_GATEWAY, "server_error", "the identity provider did not complete the sign-in".into()),
            Self::ClientAuthenticationMissing => ("ClientAuthenticationMissing", S::UNAUTHORIZED, "invalid_client", "this client must authenticate with its secret".into()),
            Self::ClientAuthenticationTwice => ("ClientAuthenticationTwice", BAD, "invalid_request", "send client credentials in the Authorization header or in the body, not both".into()),
            Self::ClientAuthenticationMalformed => ("ClientAuthenticationMalformed", S::UNAUTHORIZED, "invalid_client", "the Authorization header is not valid HTTP Basic".into()),
            Self::ClientAuthenticationWrong => ("ClientAuthenticationWrong", S::UNAUTHORIZED, "invalid_client", "client authentication failed".into()),
            Self::ClientAuthenticationUnexpected => ("ClientAuthenticationUnexpected", S::UNAUTHORIZED, "invalid_client", "this client is public and has no secret; send client_id alone".into()),
            Self::MachineClientReserved => ("MachineClientReserved", BAD, "unauthorized_client", "this client cannot use client_credentials".into()),
            Self::GrantTypeUnsupported { requested } => ("GrantTypeUnsupported", BAD, "unsupported_grant_type", format!("grant type '{requested}' is not supported; use authorization_code, refresh_token or client_credentials").into()),
            Self::CodeNotAccepted => ("CodeNotAccepted", BAD, "invalid_grant", "the code is not valid for this client, redirect_uri and code_verifier, or has expired".into()),
            Self::VerifierMalformed => ("VerifierMalformed", BAD, "invalid_request", "code_verifier must be 43 to 128 characters of A-Z a-z 0-9 - . _ ~".into()),
            Self::RefreshNotAccepted => ("RefreshNotAccepted", BAD, "invalid_grant", "the refresh token is not valid for this client, or has expired; sign in again".into()),
            Self::RevocationUnsupported => ("RevocationUnsupported", BAD, "unsupported_token_type", "access tokens cannot be revoked; revoke the refresh token".into()),
            Self::UpstreamRefusedGrant => ("UpstreamRefusedGrant", BAD, "invalid_grant", "the code or refresh token was already used, revoked or has expired; sign in again".into()),
            Self::UpstreamRefusedMachineClient => ("UpstreamRefusedMachineClient", S::UNAUTHORIZED, "invalid_client", "client authentication failed".into()),
            Self::UpstreamRefusedScope => ("UpstreamRefusedScope", BAD, "invalid_scope", "this client may not have that scope".into()),
            Self::UpstreamRefusedUs => ("UpstreamRefusedUs", S::INTERNAL_SERVER_ERROR, "server_error", "the identity provider refused this server; its operator must look".into()),
            Self::UpstreamUnreachable => ("UpstreamUnreachable", S::SERVICE_UNAVAILABLE, "temporarily_unavailable", "the identity provider cannot be reached; try again".into()),
            Self::UpstreamMalformed => ("UpstreamMalformed", S::BAD_GATEWAY, "server_error", "the identity provider answered with something unexpected".into()),
            Self::TokenNotAsConsented => ("TokenNotAsConsented", BAD, "invalid_grant", "the identity provider issued another token than was asked for, and it is not handed out; sign in again".into()),
            Self::MachineScopesOpen => ("MachineScopesOpen", BAD, "invalid_scope", "without scope the access token would have more scopes than are served here or than resource has; name the scopes".into()),
            Self::Throttled { retry_after } => ("Throttled", S::TOO_MANY_REQUESTS, "temporarily_unavailable", format!("too many requests; try again in {retry_after} seconds").into()),
            Self::SecretsUnavailable => ("SecretsUnavailable", S::SERVICE_UNAVAILABLE, "temporarily_unavailable", "this server cannot read its keys; try again".into()),
            Self::RandomnessUnavailable => ("RandomnessUnavailable", S::SERVICE_UNAVAILABLE, "temporarily_unavailable", "this server cannot draw random numbers; try again".into()),
        }
    }
}

impl From<crate::capability::NoRandomness> for Failure {
    fn from(_: crate::capability::NoRandomness) -> Self {
        Self::RandomnessUnavailable
    }
}
