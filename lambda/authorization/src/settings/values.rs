//! The types of single variables, beside those of the contract.

use std::net::SocketAddr;

use base64::{Engine, prelude::BASE64_STANDARD};
use mcp_lambda_contract::{HttpUrl, List, SettingType, SettingValue};
use serde::de::DeserializeOwned;
use url::Url;

use crate::{
    oauth::redirect::{CallbackRule, is_listable_scheme},
    sealed::secret::Secret,
};

impl SettingValue for Secret {
    const TYPE: SettingType = SettingType::String;
    const SECRET: bool = true;

    fn parse(text: &str) -> Result<Self, String> {
        Ok(Self::new(text))
    }
}

/// A secret that sealing keys are derived from.
#[derive(Clone, Debug)]
pub(crate) struct SealingSecret(pub(crate) Secret);

impl SettingValue for SealingSecret {
    const TYPE: SettingType = SettingType::String;
    const SECRET: bool = true;

    fn parse(text: &str) -> Result<Self, String> {
        if text.len() < 32 {
            return Err("be a random value of 32 characters or more".to_owned());
        }
        Ok(Self(Secret::new(text)))
    }
}

/// A URL without a query, kept without a trailing slash.
#[derive(Clone, Debug)]
pub(crate) struct BaseUrl {
    pub(crate) text: String,
    pub(crate) url: Url,
}

impl BaseUrl {
    pub(super) fn host(&self) -> Option<String> {
        self.url.host_str().map(str::to_owned)
    }
}

impl SettingValue for BaseUrl {
    const TYPE: SettingType = SettingType::Url;

    fn parse(text: &str) -> Result<Self, String> {
        if <HttpUrl as SettingValue>::parse(text)?.path().contains('?') {
            return Err("have no query".to_owned());
        }
        Ok(Self {
            text: text.trim_end_matches('/').to_owned(),
            url: Url::parse(text).map_err(|problem| format!("be a URL: {problem}"))?,
        })
    }
}

/// An https URL as browsers read it. Its origin is part of a Content-Security-Policy, so it is the parser's, not the text's.
#[derive(Clone, Debug)]
pub(crate) struct HttpsUrl(pub(crate) Url);

impl SettingValue for HttpsUrl {
    const TYPE: SettingType = SettingType::Url;

    fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).ok().filter(|url| url.scheme() == "https");
        url.map(Self).ok_or_else(|| "be an https URL".to_owned())
    }
}

/// A lifetime in seconds, out of a whole number of units in a range.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lifetime<const UNIT: u64, const LEAST: u64, const MOST: u64>(pub(crate) u64);

impl<const UNIT: u64, const LEAST: u64, const MOST: u64> SettingValue
    for Lifetime<UNIT, LEAST, MOST>
{
    const TYPE: SettingType = SettingType::Integer;

    fn parse(text: &str) -> Result<Self, String> {
        let number = text.parse::<u64>().ok();
        let number = number.filter(|number| (LEAST..=MOST).contains(number));
        number
            .map(|number| Self(number * UNIT))
            .ok_or_else(|| format!("be a whole number from {LEAST} to {MOST}"))
    }
}

/// A colour that white text can be read on.
#[derive(Clone, Debug)]
pub(crate) struct DarkColor(pub(crate) String);

impl SettingValue for DarkColor {
    const TYPE: SettingType = SettingType::String;

    fn parse(text: &str) -> Result<Self, String> {
        match contrast_with_white(text) {
            None => Err("be #rrggbb".to_owned()),
            Some(contrast) if contrast < 4.5 => Err(format!(
                "be darker: its contrast to white text is {contrast:.1}, and must be at least 4.5"
            )),
            Some(_) => Ok(Self(text.to_owned())),
        }
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

/// An address that only this machine reaches.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LoopbackAddress(pub(crate) SocketAddr);

impl SettingValue for LoopbackAddress {
    const TYPE: SettingType = SettingType::String;

    fn parse(text: &str) -> Result<Self, String> {
        let address = text.parse().ok();
        let address = address.filter(|address: &SocketAddr| address.ip().is_loopback());
        address
            .map(Self)
            .ok_or("be a loopback address with a port, such as 127.0.0.1:3031".to_owned())
    }
}

/// A certificate, DER.
#[derive(Clone, Debug)]
pub(crate) struct Certificate(pub(crate) Vec<u8>);

impl SettingValue for Certificate {
    const TYPE: SettingType = SettingType::String;

    fn parse(text: &str) -> Result<Self, String> {
        let certificate = BASE64_STANDARD.decode(text);
        certificate.map(Self).map_err(|_| "be base64".to_owned())
    }
}

/// A JSON document.
#[derive(Clone, Debug)]
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned> SettingValue for Json<T> {
    const TYPE: SettingType = SettingType::String;
    // A member that is not known may be a secret.
    const SECRET: bool = true;

    fn parse(text: &str) -> Result<Self, String> {
        let value = serde_json::from_str(text);
        value
            .map(Self)
            .map_err(|problem| format!("be the expected JSON: {problem}"))
    }
}

/// One entry of a list.
pub(crate) trait Entry: Sized {
    /// What it must be, as the end of the sentence "each entry must …".
    const RULE: &'static str;

    fn parse(entry: &str) -> Option<Self>;
}

/// A list whose entries have a form; without entries by default.
#[derive(Clone, Debug)]
pub(crate) struct Entries<T>(pub(crate) Vec<T>);

impl<T: Entry> SettingValue for Entries<T> {
    const TYPE: SettingType = SettingType::List;
    const OPTIONAL: bool = true;

    fn parse(text: &str) -> Result<Self, String> {
        let List(entries) = List::parse(text)?;
        let entries = entries.iter().map(|entry| {
            let problem = || format!("have entries that are each {}: {entry:?} is not", T::RULE);
            T::parse(entry).ok_or_else(problem)
        });
        entries.collect::<Result<_, _>>().map(Self)
    }

    fn absent() -> Option<Self> {
        Some(Self(Vec::new()))
    }
}

impl Entry for CallbackRule {
    const RULE: &'static str = "an https URI, one that ends in /*, or a host name";

    fn parse(entry: &str) -> Option<Self> {
        Self::parse(entry)
    }
}

/// A scheme that a program can claim.
#[derive(Clone, Debug)]
pub(crate) struct CustomScheme(pub(crate) String);

impl Entry for CustomScheme {
    const RULE: &'static str = "a scheme that a program can claim";

    fn parse(entry: &str) -> Option<Self> {
        is_listable_scheme(entry).then(|| Self(entry.to_owned()))
    }
}

/// What a browser sends as `Origin`.
#[derive(Clone, Debug)]
pub(crate) struct Origin(pub(crate) String);

impl Entry for Origin {
    const RULE: &'static str = "an origin such as https://example.com";

    fn parse(entry: &str) -> Option<Self> {
        let origin = Url::parse(entry).ok()?.origin().ascii_serialization();
        (origin == entry).then_some(Self(origin))
    }
}

/// A host, and the address that replaces it on one machine.
#[derive(Clone, Debug)]
pub(crate) struct LocalHost(pub(crate) String, pub(crate) SocketAddr);

impl Entry for LocalHost {
    const RULE: &'static str = "host=address:port";

    fn parse(entry: &str) -> Option<Self> {
        let (host, address) = entry.split_once('=')?;
        Some(Self(host.to_owned(), address.parse().ok()?))
    }
}
