//! How one version of one MCP client behaves, as data.

use std::time::Duration;

use super::documents::{ResourceWellKnown, ServerWellKnown};

/// One MCP client in one version.
#[derive(Debug, Clone, Copy)]
pub struct Profile {
    /// What `--client` takes.
    pub id: &'static str,
    /// Name for people.
    pub name: &'static str,
    /// The version whose behaviour this is.
    pub version: &'static str,
    /// Where the behaviour is known from.
    pub basis: Basis,
    /// Where the client's requests come from.
    pub lane: Lane,
    /// Its first requests, in order.
    pub opens_with: &'static [Opening],
    /// Whether a 403 without an access token starts a sign-in like a 401.
    pub signs_in_on_403: bool,
    /// How it finds protected resource metadata.
    pub resource: ResourceRules,
    /// How it finds and reads authorization server metadata.
    pub server: ServerRules,
    /// The ways in which it names itself, the preferred one first.
    pub identities: &'static [Identity],
    /// The metadata that it registers with, and the redirect URI that it uses.
    pub registration: Registration,
    /// How long it waits for each document and endpoint.
    pub patience: Option<Duration>,
    /// Redirects that it follows.
    pub redirects: Redirects,
}

/// Where a behaviour is known from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// The client was run against servers of this project.
    Run,
    /// Its source was read.
    Source,
    /// Its documentation and its issues.
    Documented,
}

/// Where requests come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// The person's machine.
    Machine,
    /// The vendor's network, which reaches public `https` URLs only.
    Vendor,
    /// A web page, with the rules of CORS.
    Page,
}

/// A first request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// `server/discover` of 2026-07-28.
    Discover,
    /// `initialize`.
    Initialize,
    /// `GET` of the MCP URL; any status below 500 is right.
    Get,
}

/// How protected resource metadata is found and judged.
#[derive(Debug, Clone, Copy)]
pub struct ResourceRules {
    /// Whether `resource_metadata` of the challenge is followed.
    pub pointer: bool,
    /// Whether the well-known URLs are tried after a pointer that led nowhere.
    pub after_pointer: bool,
    /// Well-known URLs, in order.
    pub well_known: &'static [ResourceWellKnown],
    /// A response of 500 or more.
    pub server_error: OnError,
    /// A 200 that is no such document.
    pub unreadable: OnError,
    /// Which `resource` it takes.
    pub matching: ResourceMatch,
    /// Another `resource`.
    pub mismatch: OnError,
    /// Without the document.
    pub missing: Missing,
}

/// What happens after a response that is no usable document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnError {
    /// The client gives up.
    Fatal,
    /// The next URL is tried.
    Next,
    /// No other URL is tried: the client goes on as if there were no document.
    Missing,
    /// The next URL is tried; the client gives up if none has the document.
    FatalIfLast,
}

/// Which `resource` a client takes for its MCP URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResourceMatch {
    /// The same URL, after the normalization of URLs.
    Exact,
    /// The same origin, and a path that the MCP URL is below.
    Prefix,
}

/// What a client does without protected resource metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// It looks for authorization server metadata at the origin of the MCP URL, as revision 2025-03-26 says.
    Origin,
    /// It looks below the MCP URL first, then at the origin.
    McpUrl,
    /// It gives up.
    Fatal,
}

/// How authorization server metadata is found and judged.
#[derive(Debug, Clone, Copy)]
pub struct ServerRules {
    /// Well-known URLs of an issuer, in order.
    pub well_known: &'static [ServerWellKnown],
    /// A response of 500 or more.
    pub server_error: OnError,
    /// A 200 that is no such document.
    pub unreadable: OnError,
    /// Whether members that RFC 8414 and OpenID Connect require must be there.
    pub strict: bool,
    /// The comparison of `issuer`.
    pub issuer: IssuerRule,
    /// Whether `/authorize`, `/token` and `/register` at the issuer's origin are used where the metadata or a member of it
    /// is missing, as revision 2025-03-26 says.
    pub default_endpoints: bool,
    /// Whether the endpoints must be on the issuer's origin, unless responses carry `iss`.
    pub endpoints_at_issuer: bool,
    /// What is demanded of `code_challenge_methods_supported`.
    pub pkce: Pkce,
    /// Whether `response_types_supported` is looked at.
    pub response_types: bool,
    /// Whether endpoints must be `https`, except on this machine.
    pub https_only: bool,
}

/// The comparison of the `issuer` in a document with the URL that it was found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IssuerRule {
    /// The same string.
    Exact,
    /// The same string, or one with a slash after the host.
    RootSlash,
    /// Any issuer, but there must be one.
    Present,
    /// Not looked at.
    Unchecked,
}

/// What a client demands of `code_challenge_methods_supported`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pkce {
    /// S256 must be listed.
    Listed,
    /// S256 must be in the list if there is one.
    NotExcluded,
    /// Nothing: the challenge is sent anyway.
    Unchecked,
}

/// A way in which a client names itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identity {
    /// By the URL of its metadata document, if the server takes them.
    Document {
        /// The URL; `None` if the vendor has another one for each connector.
        url: Option<&'static str>,
        /// Whether `none` must be listed as a method of the token endpoint too.
        needs_none: bool,
    },
    /// It registers itself.
    Register,
    /// An id that a person configures.
    Configured(Configured),
}

/// How a client is given an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Configured {
    /// What the person does.
    pub how: &'static str,
    /// Whether the redirect URI can be registered beforehand, port and path included.
    pub fixed_redirect: bool,
}

/// What a client registers.
#[derive(Debug, Clone, Copy)]
pub struct Registration {
    /// `client_name`.
    pub name: &'static str,
    /// `redirect_uris`.
    pub redirect_uris: &'static [&'static str],
    /// The redirect URI of its authorization request.
    pub redirect: &'static str,
    /// `application_type`, if it sends one.
    pub application_type: Option<&'static str>,
}

/// Redirects of metadata, registration and token endpoint that a client follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redirects {
    /// All.
    Any,
    /// Those that stay on the origin.
    Origin,
}

impl Registration {
    /// The body of the registration request.
    #[must_use]
    pub fn body(&self, scope: Option<&str>) -> String {
        let mut body = serde_json::json!({
            "client_name": self.name,
            "redirect_uris": self.redirect_uris,
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
        });
        if let Some(kind) = self.application_type {
            body["application_type"] = kind.into();
        }
        if let Some(scope) = scope {
            body["scope"] = scope.into();
        }
        body.to_string()
    }
}
