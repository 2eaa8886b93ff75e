//! Lists every reason for refusing a request and maps each one to its HTTP and OAuth response.

use std::borrow::Cow;

use http::StatusCode;

use crate::{
    assertion::problem::AssertionProblem, client::document_problem::DocumentProblem,
    oauth::redirect::RedirectProblem,
};

/// How a JWT authenticates a client (RFC 7523 section 2.2).
pub(crate) const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Declares the failures: each with its HTTP status, its `error` value and its message.
macro_rules! failures {
    ($($name:ident $(($value:ident: $value_type:ty))? $({ $($field:ident: $field_type:ty),* })?
        => $status:ident, $code:literal, $message:expr;)*) => {
        /// Every reason for which a request is refused.
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[allow(missing_docs, reason = "the variants' meaning is their caller message")]
        pub enum Failure {
            $($name $(($value_type))? $({ $($field: $field_type),* })?,)*
        }

        impl Failure {
            /// Name, status, `error` value and message.
            fn entry(&self) -> (&'static str, StatusCode, &'static str, Cow<'static, str>) {
                match self {
                    $(Self::$name $(($value))? $({ $($field),* })? => {
                        (stringify!($name), StatusCode::$status, $code, $message.into())
                    })*
                }
            }
        }
    };
}

failures! {
    NoSuchPath => NOT_FOUND, "not_found", "there is nothing at this path";
    MethodNotAllowed { allow: &'static str } => METHOD_NOT_ALLOWED, "invalid_request", format!("use {allow}");
    OriginNotAllowed => FORBIDDEN, "invalid_request", "this web origin is not listed in MCP_ALLOWED_ORIGINS";
    BodyTooLarge { limit: usize } => PAYLOAD_TOO_LARGE, "invalid_request", format!("the body is longer than {limit} bytes");
    ContentType { expected: &'static str } => BAD_REQUEST, "invalid_request", format!("send the body as {expected}");
    MalformedBody => BAD_REQUEST, "invalid_request", "the body cannot be read";
    DuplicateParameter { name: String } => BAD_REQUEST, "invalid_request", format!("parameter '{name}' is given more than once");
    MissingParameter { name: &'static str } => BAD_REQUEST, "invalid_request", format!("parameter '{name}' is missing");
    ParameterTooLong { name: String } => BAD_REQUEST, "invalid_request", format!("parameter '{name}' is too long");
    ClientUnknown => UNAUTHORIZED, "invalid_client", "this client is not known here; register it again";
    ClientExpired => UNAUTHORIZED, "invalid_client", "this client's registration has expired; register it again";
    ClientUrlMalformed => UNAUTHORIZED, "invalid_client", "a client_id that is a URL must be https with a path, a public host name, and no port, user, query, fragment or dot segment";
    ClientDocument(problem: DocumentProblem) => UNAUTHORIZED, "invalid_client", format!("the client's metadata document was not accepted: {}", problem.fix());
    ClientDocumentsOff => UNAUTHORIZED, "invalid_client", "client metadata documents are switched off here; register the client";
    ClientRefused => UNAUTHORIZED, "invalid_client", "the operator of this server refuses this client";
    RegistrationOff => FORBIDDEN, "access_denied", "dynamic registration is switched off here";
    RegisteredClientsOff => UNAUTHORIZED, "invalid_client", "clients that register themselves are switched off here; ask the operator to register this client";
    RedirectMissing => BAD_REQUEST, "invalid_request", "parameter 'redirect_uri' is missing, and only a client that has registered exactly one, a loopback one with its port, may leave it out";
    RedirectNotRegistered => BAD_REQUEST, "invalid_request", "redirect_uri is not one that this client has registered";
    RedirectRefused { uri: String, problem: RedirectProblem } => BAD_REQUEST, "invalid_redirect_uri", format!("redirect URI '{uri}' cannot be used: {}", problem.fix());
    RegistrationMember { member: &'static str, fix: &'static str } => BAD_REQUEST, "invalid_client_metadata", format!("member '{member}': {fix}");
    ResponseTypeUnsupported => BAD_REQUEST, "unsupported_response_type", "response_type must be code";
    ResponseModeUnsupported => BAD_REQUEST, "invalid_request", "response_mode must be query";
    RequestObjectUnsupported => BAD_REQUEST, "request_not_supported", "send the parameters themselves, not request or request_uri";
    InteractionRequired => BAD_REQUEST, "interaction_required", "prompt=none cannot be served: consent is asked every time";
    ChallengeMissing => BAD_REQUEST, "invalid_request", "code_challenge is missing; PKCE is required";
    ChallengeNotS256 => BAD_REQUEST, "invalid_request", "code_challenge_method must be S256";
    ChallengeMalformed => BAD_REQUEST, "invalid_request", "code_challenge must be 43 characters of base64url";
    ScopeUnknown { requested: String } => BAD_REQUEST, "invalid_scope", format!("scope '{requested}' is not one this client may ask for; scopes_supported of the metadata lists them");
    ResourceForeign { requested: String } => BAD_REQUEST, "invalid_target", format!("resource '{requested}' is not served here; use the resource of the protected resource metadata");
    ResourceMissing => BAD_REQUEST, "invalid_target", "several MCP servers get their access tokens here; name one with resource, or ask for the scopes of one";
    ResourceSeveral => BAD_REQUEST, "invalid_target", "an access token is for one MCP server; ask for one resource at a time";
    ResourceNotGranted => BAD_REQUEST, "invalid_target", "resource is not the MCP server that access was allowed to; sign in for that one";
    ResourceNotForClient => FORBIDDEN, "access_denied", "this client may not ask for any scope of that MCP server";
    ConsentNotOpened => BAD_REQUEST, "invalid_request", "this form is not one of ours";
    ConsentExpired => BAD_REQUEST, "invalid_request", "this page was open for too long";
    ConsentOtherBrowser => FORBIDDEN, "access_denied", "this request was started in another browser, or cookies are blocked";
    ConsentCrossOrigin => FORBIDDEN, "access_denied", "the form was sent from another site";
    ConsentDenied => FORBIDDEN, "access_denied", "access was not allowed";
    TransactionNotOpened => BAD_REQUEST, "invalid_request", "this sign-in was not started here";
    TransactionExpired => BAD_REQUEST, "invalid_request", "the sign-in took too long";
    TransactionOtherBrowser => FORBIDDEN, "access_denied", "this sign-in was not approved in this browser, or it was already completed";
    UpstreamMixUp => BAD_REQUEST, "invalid_request", "the answer came from another identity provider";
    SignInCancelled => FORBIDDEN, "access_denied", "sign-in was cancelled";
    SignInFailed => BAD_GATEWAY, "server_error", "the identity provider did not complete the sign-in";
    ClientAuthenticationMissing => UNAUTHORIZED, "invalid_client", "this client must authenticate with its secret";
    ClientAuthenticationTwice => BAD_REQUEST, "invalid_request", "send client credentials in one way alone: the Authorization header, client_secret or client_assertion";
    ClientAuthenticationMalformed => UNAUTHORIZED, "invalid_client", "the Authorization header is not valid HTTP Basic";
    ClientAuthenticationWrong => UNAUTHORIZED, "invalid_client", "client authentication failed";
    ClientAuthenticationUnexpected => UNAUTHORIZED, "invalid_client", "this client is public and has no secret; send client_id alone";
    AssertionRefused(problem: AssertionProblem) => UNAUTHORIZED, "invalid_client", format!("the client assertion was not accepted: {}", problem.fix());
    AssertionTypeUnsupported => UNAUTHORIZED, "invalid_client", format!("client_assertion_type must be {ASSERTION_TYPE}");
    AssertionClientUnknown => UNAUTHORIZED, "invalid_client", "no client with this client_id authenticates with an assertion here; with a token of another issuer, send client_id";
    AssertionMissing => UNAUTHORIZED, "invalid_client", "this client has no secret; it must authenticate with client_assertion (private_key_jwt)";
    AssertionNotForGrant => UNAUTHORIZED, "invalid_client", "client_assertion authenticates programs with the grant client_credentials alone";
    AssertionKeysUnavailable => SERVICE_UNAVAILABLE, "temporarily_unavailable", "the public keys of this client cannot be read; try again";
    MachineClientReserved => BAD_REQUEST, "unauthorized_client", "this client cannot use client_credentials";
    GrantTypeUnsupported { requested: String } => BAD_REQUEST, "unsupported_grant_type", format!("grant type '{requested}' is not supported; use authorization_code, refresh_token or client_credentials");
    CodeNotAccepted => BAD_REQUEST, "invalid_grant", "the code is not valid for this client, redirect_uri and code_verifier, or has expired";
    VerifierMalformed => BAD_REQUEST, "invalid_request", "code_verifier must be 43 to 128 characters of A-Z a-z 0-9 - . _ ~";
    RefreshNotAccepted => BAD_REQUEST, "invalid_grant", "the refresh token is not valid for this client, or has expired; sign in again";
    RevocationUnsupported => BAD_REQUEST, "unsupported_token_type", "access tokens cannot be revoked; revoke the refresh token";
    UpstreamRefusedGrant => BAD_REQUEST, "invalid_grant", "the code or refresh token was already used, revoked or has expired; sign in again";
    UpstreamRefusedMachineClient => UNAUTHORIZED, "invalid_client", "client authentication failed";
    UpstreamRefusedScope => BAD_REQUEST, "invalid_scope", "this client may not have that scope";
    UpstreamRefusedUs => INTERNAL_SERVER_ERROR, "server_error", "the identity provider refused this server; its operator must look";
    UpstreamUnreachable => SERVICE_UNAVAILABLE, "temporarily_unavailable", "the identity provider cannot be reached; try again";
    UpstreamMalformed => BAD_GATEWAY, "server_error", "the identity provider answered with something unexpected";
    TokenNotAsConsented => BAD_REQUEST, "invalid_grant", "the identity provider issued another token than was asked for, and it is not handed out; sign in again";
    MachineScopesOpen => BAD_REQUEST, "invalid_scope", "without scope the access token would have more scopes than are served here or than resource has; name the scopes";
    Throttled { retry_after: u64 } => TOO_MANY_REQUESTS, "temporarily_unavailable", format!("too many requests; try again in {retry_after} seconds");
    SecretsUnavailable => SERVICE_UNAVAILABLE, "temporarily_unavailable", "this server cannot read its keys; try again";
    RandomnessUnavailable => SERVICE_UNAVAILABLE, "temporarily_unavailable", "this server cannot draw random numbers; try again";
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
}

impl From<crate::capability::NoRandomness> for Failure {
    fn from(_: crate::capability::NoRandomness) -> Self {
        Self::RandomnessUnavailable
    }
}
