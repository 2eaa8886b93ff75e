//! Requests that were sent to a server and their responses: the only input of the checks and the verdicts.

use std::time::Duration;

use serde_json::Value;
use url::Url;

use super::ask::{Ask, Sent};
use super::token::TokenFacts;

/// Everything that was recorded about one MCP server.
#[derive(Debug, Clone)]
pub struct Evidence {
    /// The MCP URL as the person gave it.
    pub url: Url,
    /// In the order of sending.
    pub exchanges: Vec<Exchange>,
    /// What the access token says, if there is one. The token itself is never recorded.
    pub token: Option<TokenFacts>,
}

/// One request and its result.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// Why it was sent.
    pub ask: Ask,
    /// The request.
    pub sent: Sent,
    /// The response, or why there is none.
    pub outcome: Outcome,
    /// From sending until the response was read.
    pub elapsed: Duration,
    /// The local clock when the response was there, in seconds since 1970.
    pub at: u64,
}

/// The result of a request.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// A response of any status.
    Response(Received),
    /// No response.
    Failed(Failure),
}

/// A response. Bodies are cut after 256 KiB.
#[derive(Debug, Clone)]
pub struct Received {
    /// HTTP status.
    pub status: u16,
    /// Names in lower case, in their order.
    pub headers: Vec<(String, String)>,
    /// The body as UTF-8.
    pub body: String,
}

/// Why a request has no response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The kind of failure.
    pub kind: FailureKind,
    /// The message of the operating system or of TLS.
    pub message: String,
}

/// Kinds of failures before a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// The host name has no address.
    UnknownHost,
    /// Nothing listens, or the connection was closed.
    Connection,
    /// The certificate has expired, or is not valid yet.
    CertificateExpired,
    /// The certificate is for another host, or its issuer is not trusted.
    CertificateUntrusted,
    /// No response in time.
    Timeout,
}

impl Evidence {
    /// An empty record.
    #[must_use]
    pub fn new(url: Url) -> Self {
        Self {
            url,
            exchanges: Vec::new(),
            token: None,
        }
    }

    /// The exchange of this request and its number.
    #[must_use]
    pub fn find(&self, ask: &Ask) -> Option<(usize, &Exchange)> {
        self.exchanges
            .iter()
            .enumerate()
            .find(|(_, exchange)| exchange.ask == *ask)
    }

    /// The response to this request and the exchange's number.
    #[must_use]
    pub fn response(&self, ask: &Ask) -> Option<(usize, &Received)> {
        let (number, exchange) = self.find(ask)?;
        Some((number, exchange.received()?))
    }

    /// Every exchange with a response, by number.
    pub fn responses(&self) -> impl Iterator<Item = (usize, &Exchange, &Received)> {
        self.exchanges
            .iter()
            .enumerate()
            .filter_map(|(number, exchange)| Some((number, exchange, exchange.received()?)))
    }

    /// Whether the server is on this machine, where plain HTTP and private addresses are right.
    #[must_use]
    pub fn is_local(&self) -> bool {
        is_loopback(&self.url)
    }
}

impl Exchange {
    /// The response, if there is one.
    #[must_use]
    pub fn received(&self) -> Option<&Received> {
        match &self.outcome {
            Outcome::Response(received) => Some(received),
            Outcome::Failed(_) => None,
        }
    }
}

impl Received {
    /// The first header of this (lower-case) name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, value)| value.as_str())
    }

    /// The body as a JSON object or array.
    #[must_use]
    pub fn json(&self) -> Option<Value> {
        serde_json::from_str(&self.body)
            .ok()
            .filter(|value: &Value| value.is_object() || value.is_array())
    }

    /// A string member of a JSON body.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<String> {
        Some(self.json()?.get(name)?.as_str()?.to_owned())
    }

    /// Whether this is a web page.
    #[must_use]
    pub fn is_html(&self) -> bool {
        let declared = self
            .header("content-type")
            .is_some_and(|value| value.starts_with("text/html"));
        declared || self.body.trim_start().starts_with('<')
    }

    /// Whether the status is 200 to 299.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Whether the status is 500 or more.
    #[must_use]
    pub fn is_server_error(&self) -> bool {
        self.status >= 500
    }

    /// The target of a redirect of `from`.
    #[must_use]
    pub fn location(&self, from: &Url) -> Option<Url> {
        (300..400)
            .contains(&self.status)
            .then(|| self.header("location"))
            .flatten()
            .and_then(|location| from.join(location).ok())
    }
}

/// Whether a URL is on this machine.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
