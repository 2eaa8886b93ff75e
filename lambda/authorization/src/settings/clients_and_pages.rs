//! Redirects, origins, the pages' look, and what only the local stack has.

use std::{collections::BTreeMap, net::SocketAddr};

use base64::{Engine, prelude::BASE64_STANDARD};
use url::Url;

use super::{Brand, LocalMetadataHosts, default, variables::Variables};
use crate::oauth::redirect::{
    CallbackRule, KNOWN_CLIENT_CALLBACKS, RedirectPolicy, is_listable_scheme, is_loopback_host,
};

impl Variables {
    pub(super) fn redirects(&mut self) -> RedirectPolicy {
        let mut entries = self.list("AUTHORIZATION_REDIRECT_HOSTS");
        if entries.is_empty() {
            entries = KNOWN_CLIENT_CALLBACKS.map(str::to_owned).to_vec();
        }
        let mut callbacks = Vec::new();
        for entry in entries {
            match CallbackRule::parse(&entry) {
                Some(rule) => callbacks.push(rule),
                None => self.problem(
                    "AUTHORIZATION_REDIRECT_HOSTS",
                    format!("'{entry}' must be an https URI, one that ends in /*, or a host name"),
                ),
            }
        }
        let custom_schemes = self.list("AUTHORIZATION_CUSTOM_SCHEMES");
        for scheme in custom_schemes
            .iter()
            .filter(|scheme| !is_listable_scheme(scheme))
        {
            self.problem(
                "AUTHORIZATION_CUSTOM_SCHEMES",
                format!("'{scheme}' is not a scheme that a program can claim"),
            );
        }
        RedirectPolicy {
            callbacks,
            custom_schemes,
        }
    }

    pub(super) fn origins(&mut self) -> Vec<String> {
        let origins = self.list("MCP_ALLOWED_ORIGINS");
        for origin in &origins {
            let exact =
                Url::parse(origin).is_ok_and(|url| url.origin().ascii_serialization() == *origin);
            if !exact {
                self.problem(
                    "MCP_ALLOWED_ORIGINS",
                    format!("'{origin}' must be an origin such as https://example.com"),
                );
            }
        }
        origins
    }

    pub(super) fn brand(&mut self, resource: Option<&Url>) -> Option<Brand> {
        let logo_url = self
            .optional("AUTHORIZATION_BRAND_LOGO_URL")
            .and_then(|text| {
                let url = Url::parse(&text).ok().filter(|url| url.scheme() == "https");
                if url.is_none() {
                    self.problem(
                        "AUTHORIZATION_BRAND_LOGO_URL",
                        format!("'{text}' must be an https URL"),
                    );
                }
                url
            });
        let color = self
            .optional("AUTHORIZATION_BRAND_COLOR")
            .unwrap_or_else(|| default::BRAND_COLOR.to_owned());
        match contrast_with_white(&color) {
            None => self.problem("AUTHORIZATION_BRAND_COLOR", format!("'{color}' must be #rrggbb")),
            Some(contrast) if contrast < 4.5 => self.problem(
                "AUTHORIZATION_BRAND_COLOR",
                format!("'{color}' has a contrast of {contrast:.1} with white text; use a darker one, of at least 4.5"),
            ),
            Some(_) => {}
        }
        let name = self
            .optional("AUTHORIZATION_BRAND_NAME")
            .or_else(|| Some(resource?.host_str()?.to_owned()))?;
        Some(Brand {
            name,
            logo_url,
            color,
        })
    }

    pub(super) fn listen(&mut self) -> Option<SocketAddr> {
        let text = self
            .optional("AUTHORIZATION_LISTEN")
            .unwrap_or_else(|| "127.0.0.1:3031".to_owned());
        let address = text
            .parse()
            .ok()
            .filter(|address: &SocketAddr| address.ip().is_loopback());
        if address.is_none() {
            self.problem(
                "AUTHORIZATION_LISTEN",
                format!("'{text}' must be a loopback address with a port, such as 127.0.0.1:3031"),
            );
        }
        address
    }

    pub(super) fn local_metadata_hosts(&mut self, issuer: Option<&Url>) -> LocalMetadataHosts {
        const HOSTS: &str = "AUTHORIZATION_LOCAL_METADATA_HOSTS";
        const CERTIFICATE: &str = "AUTHORIZATION_LOCAL_METADATA_CA";
        let mut hosts = BTreeMap::new();
        for entry in self.list(HOSTS) {
            match entry
                .split_once('=')
                .and_then(|(host, address)| Some((host.to_owned(), address.parse().ok()?)))
            {
                Some((host, address)) => drop(hosts.insert(host, address)),
                None => self.problem(HOSTS, format!("'{entry}' must be host=address:port")),
            }
        }
        let text = self.optional(CERTIFICATE);
        let certificate = text
            .as_deref()
            .and_then(|text| BASE64_STANDARD.decode(text).ok());
        if text.is_some() && certificate.is_none() {
            self.problem(CERTIFICATE, "is not base64");
        }
        // The substitute hosts bypass the address checks, so only a loopback issuer may have them.
        if (!hosts.is_empty() || certificate.is_some())
            && issuer.is_some_and(|issuer| !is_loopback_host(issuer))
        {
            self.problem(
                HOSTS,
                "is for the local stack; remove it, or make AUTHORIZATION_ISSUER a loopback URL",
            );
        }
        LocalMetadataHosts { hosts, certificate }
    }
}

/// WCAG 2 contrast of white text on `#rrggbb`.
fn contrast_with_white(color: &str) -> Option<f64> {
    let hex = color
        .strip_prefix('#')
        .filter(|hex| hex.len() == 6 && hex.is_ascii())?;
    let channel = |range| {
        let value = f64::from(u8::from_str_radix(hex.get(range)?, 16).ok()?) / 255.0;
        Some(if value <= 0.040_45 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        })
    };
    let luminance = 0.2126 * channel(0..2)? + 0.7152 * channel(2..4)? + 0.0722 * channel(4..6)?;
    Some(1.05 / (luminance + 0.05))
}
