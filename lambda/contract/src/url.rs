//! Parses absolute `https` URLs, and `http` URLs of loopback hosts, without normalising them.

use std::fmt;

use crate::is_loopback_host;

/// An absolute `https` URL, or an `http` URL of a loopback host.
///
/// Keeps the exact string that was given: OAuth compares issuers and resource identifiers as strings (RFC 8414 section
/// 3.3, RFC 9728 section 3.3), so nothing is normalised.
///
/// Does not check that the host exists or responds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpUrl {
    text: String,
    https: bool,
    authority_end: usize,
}

/// Why a string is not an [`HttpUrl`]. Its `Display` names the fix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUrl {
    /// Neither `https://` nor `http://`.
    #[error("must start with https:// (or http:// for a loopback host)")]
    Scheme,
    /// `http://` with a host that is not this machine.
    #[error("must use https, because http is accepted for localhost, 127.0.0.1 and [::1] only")]
    PlainHttp,
    /// No host, a user name in it, or a port that is not a number.
    #[error("must have a host, an optional port number and no user name")]
    Authority,
    /// A `#fragment`, white space, a control character, or a character outside ASCII.
    #[error(
        "must not contain a fragment, white space, control characters or characters outside ASCII"
    )]
    Character,
}

impl HttpUrl {
    /// Parses an absolute URL. Plain `http` is accepted for `localhost`, `*.localhost`, `127.0.0.0/8` and `[::1]`.
    ///
    /// # Errors
    ///
    /// [`InvalidUrl`] names the rule that the string breaks.
    pub fn parse(text: &str) -> Result<Self, InvalidUrl> {
        if text.bytes().any(|byte| {
            !(0x21..=0x7e).contains(&byte) || matches!(byte, b'#' | b'"' | b'\\' | b'<' | b'>')
        }) {
            return Err(InvalidUrl::Character);
        }
        let (https, rest) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            (None, None) => return Err(InvalidUrl::Scheme),
        };
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        let (host, port) = split_port(authority);
        if host.is_empty()
            || authority.contains('@')
            || port.is_some_and(|port| port.parse::<u16>().is_err())
        {
            return Err(InvalidUrl::Authority);
        }
        if !https && !is_loopback(host) {
            return Err(InvalidUrl::PlainHttp);
        }
        Ok(Self {
            https,
            authority_end: text.len() - rest.len() + authority.len(),
            text: text.to_owned(),
        })
    }

    /// The string as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Host and port as written, for example `d111.cloudfront.net` or `127.0.0.1:3030`.
    #[must_use]
    pub fn authority(&self) -> &str {
        let scheme = if self.https { "https://" } else { "http://" };
        &self.text[scheme.len()..self.authority_end]
    }

    /// Scheme, host and port as written, without a trailing slash: what a browser would send as `Origin`.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.text[..self.authority_end]
    }

    /// The origin with its port always written out, for example `https://d111.cloudfront.net:443`.
    #[must_use]
    pub fn origin_with_port(&self) -> String {
        match split_port(self.authority()).1 {
            Some(_) => self.origin().to_owned(),
            None => format!("{}:{}", self.origin(), if self.https { 443 } else { 80 }),
        }
    }

    /// Path (and query) as written; empty when the URL has none.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.text[self.authority_end..]
    }
}

impl fmt::Display for HttpUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        // The colons of an IPv6 literal are inside brackets.
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        Some(_) | None => (authority, None),
    }
}

fn is_loopback(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    is_loopback_host(&host)
        || host.ends_with(".localhost")
        || host
            .parse::<std::net::Ipv4Addr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::{HttpUrl, InvalidUrl};

    #[test]
    fn splits_origin_and_path_and_keeps_the_text() {
        let url = HttpUrl::parse("https://d111.cloudfront.net/mcp").unwrap();
        assert_eq!(url.origin(), "https://d111.cloudfront.net");
        assert_eq!(url.origin_with_port(), "https://d111.cloudfront.net:443");
        assert_eq!(url.path(), "/mcp");
        let local = HttpUrl::parse("http://127.0.0.1:3030").unwrap();
        assert_eq!((local.authority(), local.path()), ("127.0.0.1:3030", ""));
        assert_eq!(local.origin_with_port(), "http://127.0.0.1:3030");
        assert_eq!(
            HttpUrl::parse("http://[::1]/x").unwrap().origin_with_port(),
            "http://[::1]:80"
        );
    }

    #[test]
    fn accepts_plain_http_for_loopback_only() {
        for loopback in [
            "http://localhost",
            "http://a.localhost:1",
            "http://127.9.9.9/",
            "http://[::1]:80",
        ] {
            assert!(HttpUrl::parse(loopback).is_ok(), "{loopback}");
        }
        for other in [
            "http://dogapi.dog",
            "http://127.0.0.1.evil.example",
            "http://localhost.evil.example",
        ] {
            assert_eq!(HttpUrl::parse(other), Err(InvalidUrl::PlainHttp), "{other}");
        }
    }

    #[test]
    fn refuses_what_is_not_an_absolute_url() {
        for (text, problem) in [
            ("", InvalidUrl::Scheme),
            ("dogapi.dog", InvalidUrl::Scheme),
            ("ftp://dogapi.dog", InvalidUrl::Scheme),
            ("https://", InvalidUrl::Authority),
            ("https:///path", InvalidUrl::Authority),
            ("https://user@dogapi.dog", InvalidUrl::Authority),
            ("https://dogapi.dog:port", InvalidUrl::Authority),
            ("https://dogapi.dog:99999", InvalidUrl::Authority),
            ("https://dogapi.dog/#top", InvalidUrl::Character),
            ("https://dogapi.dog/a b", InvalidUrl::Character),
            ("https://dogapi.dog/\"", InvalidUrl::Character),
            ("https://dogapi.dog/\r\nX: y", InvalidUrl::Character),
        ] {
            assert_eq!(HttpUrl::parse(text), Err(problem), "{text}");
        }
    }
}
