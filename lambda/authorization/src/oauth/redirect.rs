//! Redirect URIs: how they are read, which may be registered, and when a requested one matches a registered one.
//!
//! A URI is only accepted in its canonical spelling. Whatever a browser would rewrite on the way (upper case, `\`, default
//! ports, `..`, encoded dots, whitespace, userinfo) is refused instead of normalised, so that the string that was compared
//! is the string that is followed. The one exception is `:80` on loopback, where any port is permitted.

use mcp_lambda_contract::{FORBIDDEN_SCHEMES, LONGEST_CLIENT_URL, SCHEME};
use serde::{Deserialize, Serialize};
use url::Url;

/// Callbacks of well-known MCP clients, the default of `AUTHORIZATION_REDIRECT_HOSTS`.
///
/// Entries are an exact `https` URI, a URI that ends in `/*` (exactly one more path segment of letters, digits, `-` and
/// `_`), or a host name (every path on that host).
pub const KNOWN_CLIENT_CALLBACKS: [&str; 7] = [
    "https://claude.ai/api/mcp/auth_callback",
    "https://claude.com/api/mcp/auth_callback",
    "https://chatgpt.com/connector_platform_oauth_redirect",
    "https://chatgpt.com/connector/oauth/*",
    "https://vscode.dev/redirect",
    "https://insiders.vscode.dev/redirect",
    "https://www.cursor.com/agents/mcp/oauth/callback",
];

/// What a parser drops from a loopback URI.
const DEFAULT_PORT: &str = ":80";

/// Where a redirect leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// A program on the user's machine, RFC 8252 section 7.3.
    Loopback,
    /// A web page.
    Https,
    /// A scheme that a program has claimed, RFC 8252 section 7.1.
    CustomScheme,
}

/// A redirect URI in canonical spelling.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct RedirectUri {
    text: String,
    url: Url,
    destination: Destination,
}

/// Why a redirect URI is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RedirectProblem {
    /// Longer than [`LONGEST_CLIENT_URL`].
    TooLong,
    /// Not an absolute URI, or not in the spelling a browser would send.
    NotCanonical,
    /// Has a fragment, RFC 6749 section 3.1.2.
    Fragment,
    /// Has a user name or password.
    Userinfo,
    /// Plain `http` to something else than loopback.
    HttpNotLoopback,
    /// A scheme that is never followed.
    ForbiddenScheme,
    /// A custom scheme that the settings do not list.
    SchemeNotListed,
    /// An `https` callback that the settings do not list.
    HostNotListed,
    /// A client of type `web` asks for loopback or a custom scheme.
    NotForWebClient,
}

impl RedirectProblem {
    /// The fix, for the person who registers the client.
    pub fn fix(self) -> &'static str {
        match self {
            Self::TooLong => "it is longer than 512 characters",
            Self::NotCanonical => {
                "it is not an absolute URI in canonical spelling (lower-case host, no default port, no '..', no spaces, no backslash, no asterisk)"
            }
            Self::Fragment => "it has a fragment; remove the part after '#'",
            Self::Userinfo => "it has a user name or password before the host; remove it",
            Self::HttpNotLoopback => {
                "plain http is for localhost, 127.0.0.1 and [::1] only; use https"
            }
            Self::ForbiddenScheme => "its scheme is never followed; use https or http on loopback",
            Self::SchemeNotListed => {
                "its scheme is not listed; the operator of this server can add it to AUTHORIZATION_CUSTOM_SCHEMES"
            }
            Self::HostNotListed => {
                "this callback is not listed; the operator of this server can add it to AUTHORIZATION_REDIRECT_HOSTS"
            }
            Self::NotForWebClient => {
                "application_type web takes https redirects only; register as native"
            }
        }
    }
}

impl RedirectUri {
    /// Reads a redirect URI. Does not say whether it may be used: see [`RedirectPolicy::admit`].
    pub fn parse(text: &str) -> Result<Self, RedirectProblem> {
        if text.len() > LONGEST_CLIENT_URL {
            return Err(RedirectProblem::TooLong);
        }
        if !text.bytes().all(|byte| {
            byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'"' | b'<' | b'>' | b'*' | b'`')
        }) {
            return Err(RedirectProblem::NotCanonical);
        }
        if text.contains('#') {
            return Err(RedirectProblem::Fragment);
        }
        let url = Url::parse(text).map_err(|_| RedirectProblem::NotCanonical)?;
        // Before the comparison, because a URL without a path is also one that a parser completes.
        if !url.username().is_empty() || url.password().is_some() || authority(text).contains('@') {
            return Err(RedirectProblem::Userinfo);
        }
        let destination = match url.scheme() {
            "https" => Destination::Https,
            "http" if is_loopback_host(&url) => Destination::Loopback,
            "http" => return Err(RedirectProblem::HttpNotLoopback),
            scheme if FORBIDDEN_SCHEMES.contains(&scheme) => {
                return Err(RedirectProblem::ForbiddenScheme);
            }
            _ => Destination::CustomScheme,
        };
        // Any port is permitted on loopback (RFC 8252 section 7.3), also the one that a parser drops.
        let written = with_port(&url, &destination, text);
        let completed =
            url.path() == "/" && url.query().is_none() && written.strip_suffix('/') == Some(text);
        if written != text && !completed {
            return Err(RedirectProblem::NotCanonical);
        }
        // Encoded dots, slashes and backslashes mean different things to different programs.
        let lower = url.path().to_ascii_lowercase();
        let dot_at_end = url.domain().is_some_and(|domain| domain.ends_with('.'));
        if dot_at_end
            || ["%2e", "%2f", "%5c", "%00"]
                .iter()
                .any(|encoded| lower.contains(encoded))
        {
            return Err(RedirectProblem::NotCanonical);
        }
        Ok(Self {
            text: text.to_owned(),
            url,
            destination,
        })
    }

    /// The URI as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Where it leads.
    pub fn destination(&self) -> &Destination {
        &self.destination
    }

    /// The host (and port) to show to a person; the scheme for a custom one.
    pub fn shown_host(&self) -> String {
        match (self.url.host_str(), self.url.port()) {
            _ if self.destination == Destination::CustomScheme => format!("{}:", self.url.scheme()),
            (Some(host), Some(port)) => format!("{host}:{port}"),
            (Some(host), None) => host.to_owned(),
            (None, _) => self.url.scheme().to_owned(),
        }
    }

    /// Whether a client that registered `self` may get its response at `requested`: the same string, or for loopback
    /// the same string but for the port (RFC 8252 section 7.3; `localhost` is treated like the addresses, because
    /// clients use it).
    pub fn matches(&self, requested: &Self) -> bool {
        if self.destination != Destination::Loopback {
            return self.text == requested.text;
        }
        requested.destination == Destination::Loopback
            && self.url.host_str() == requested.url.host_str()
            && self.url.path() == requested.url.path()
            && self.url.query() == requested.url.query()
    }

    /// The URI with these parameters added to its query.
    pub fn with_parameters(&self, parameters: &[(&str, &str)]) -> String {
        let mut url = self.url.clone();
        url.query_pairs_mut().extend_pairs(parameters);
        with_port(&url, &self.destination, &self.text)
    }

    /// Whether it says everything about where it leads: a loopback URI without a port does not.
    pub(crate) fn is_whole(&self) -> bool {
        self.destination != Destination::Loopback
            || self.url.port().is_some()
            || authority(&self.text).ends_with(DEFAULT_PORT)
    }
}

/// The URL, with the default port if `text` has it and is a loopback URI.
fn with_port(url: &Url, destination: &Destination, text: &str) -> String {
    let whole = url.as_str();
    let origin = "http://".len() + authority(whole).len();
    match whole.split_at_checked(origin) {
        Some((origin, rest))
            if *destination == Destination::Loopback
                && authority(text).ends_with(DEFAULT_PORT)
                && url.port().is_none() =>
        {
            format!("{origin}{DEFAULT_PORT}{rest}")
        }
        _ => whole.to_owned(),
    }
}

impl From<RedirectUri> for String {
    fn from(uri: RedirectUri) -> Self {
        uri.text
    }
}

impl TryFrom<String> for RedirectUri {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).map_err(RedirectProblem::fix)
    }
}

fn authority(text: &str) -> &str {
    let after_scheme = text.split_once("//").map_or(text, |(_, rest)| rest);
    after_scheme
        .split(['/', '?'])
        .next()
        .unwrap_or(after_scheme)
}

/// `localhost`, `127.0.0.1` and `[::1]`, and nothing that merely begins or ends like them.
pub(crate) fn is_loopback_host(url: &Url) -> bool {
    url.host_str()
        .is_some_and(mcp_lambda_contract::is_loopback_host)
}

/// One entry of the list of `https` callbacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallbackRule {
    /// Exactly this URI.
    Exact(String),
    /// This prefix and exactly one more path segment.
    OneSegment(String),
    /// Every path on this host, on the default port.
    Host(String),
}

impl CallbackRule {
    /// Reads an entry; `None` if it is none of the three forms.
    pub fn parse(entry: &str) -> Option<Self> {
        let Some(rest) = entry.strip_prefix("https://") else {
            let letters = entry.bytes().all(|byte| {
                byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.')
            });
            let url = Url::parse(&format!("https://{entry}/")).ok()?;
            let labelled = entry.contains('.') && entry.split('.').all(|label| !label.is_empty());
            let exact = url.domain() == Some(entry) && labelled;
            return (letters && exact).then(|| Self::Host(entry.to_owned()));
        };
        match rest.strip_suffix("/*") {
            Some(_) => {
                let prefix = entry.strip_suffix('*')?;
                RedirectUri::parse(prefix)
                    .ok()
                    .map(|_| Self::OneSegment(prefix.to_owned()))
            }
            None => RedirectUri::parse(entry)
                .ok()
                .map(|_| Self::Exact(entry.to_owned())),
        }
    }

    /// The host that it is about.
    pub(crate) fn host(&self) -> Option<String> {
        match self {
            Self::Exact(uri) | Self::OneSegment(uri) => {
                Url::parse(uri).ok()?.host_str().map(str::to_owned)
            }
            Self::Host(host) => Some(host.clone()),
        }
    }

    fn admits(&self, uri: &RedirectUri) -> bool {
        match self {
            Self::Exact(exact) => uri.text == *exact,
            Self::OneSegment(prefix) => {
                uri.text
                    .strip_prefix(prefix.as_str())
                    .is_some_and(|segment| {
                        !segment.is_empty()
                            && segment.bytes().all(|byte| {
                                byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
                            })
                    })
            }
            Self::Host(host) => {
                uri.url.host_str() == Some(host.as_str()) && uri.url.port().is_none()
            }
        }
    }
}

/// The redirect URIs that an unverified client may use.
#[derive(Debug, Clone)]
pub struct RedirectPolicy {
    /// Listed `https` callbacks.
    pub callbacks: Vec<CallbackRule>,
    /// Listed custom schemes; empty by default, because any program can claim a scheme.
    pub custom_schemes: Vec<String>,
}

impl RedirectPolicy {
    /// Whether this redirect may be used by a dynamically registered client or one with a metadata document.
    ///
    /// Without this list, open registration and Cognito's remembered sign-in would let a foreign page get a code with
    /// one click of a user.
    pub fn admit(&self, uri: &RedirectUri) -> Result<(), RedirectProblem> {
        match uri.destination {
            Destination::Loopback => Ok(()),
            Destination::Https if self.callbacks.iter().any(|rule| rule.admits(uri)) => Ok(()),
            Destination::Https => Err(RedirectProblem::HostNotListed),
            Destination::CustomScheme
                if self
                    .custom_schemes
                    .iter()
                    .any(|scheme| scheme == uri.url.scheme()) =>
            {
                Ok(())
            }
            Destination::CustomScheme => Err(RedirectProblem::SchemeNotListed),
        }
    }
}

/// Whether a scheme may be listed as a custom one.
pub(crate) fn is_listable_scheme(scheme: &str) -> bool {
    SCHEME.allows(scheme) && !FORBIDDEN_SCHEMES.contains(&scheme)
}
