//! The types of single variables, beside those of the contract.

use mcp_lambda_contract::{HttpUrl, SettingType, SettingValue};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use url::Url;

/// An MCP server.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ServerEntry {
    /// What people read.
    pub name: String,
    /// The MCP URL.
    pub url: String,
}

impl ServerEntry {
    /// What the entry must be otherwise, as the end of a sentence.
    pub(crate) fn check(&self, allow_private: bool) -> Result<(), String> {
        let url = Url::parse(&self.url).map_err(|error| format!("have a URL: {error}"))?;
        let is_known = matches!(url.scheme(), "https") || (allow_private && url.scheme() == "http");
        if !is_known {
            return Err(format!(
                "have an https URL, got {:?}; http needs ALLOW_PRIVATE_SERVERS=true",
                self.url
            ));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err("have a host in its URL".to_owned());
        }
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err("have a URL without user name, password and fragment".to_owned());
        }
        Ok(())
    }
}

/// A model of Amazon Bedrock.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelEntry {
    /// Its id, or that of an inference profile.
    pub id: String,
    /// What people read; the id when absent.
    pub name: Option<String>,
}

impl ModelEntry {
    /// What people read.
    #[must_use]
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.id)
    }
}

/// A JSON document.
#[derive(Clone, Debug)]
pub(super) struct Json<T>(pub(super) T);

impl<T: DeserializeOwned> SettingValue for Json<T> {
    const TYPE: SettingType = SettingType::String;

    fn parse(text: &str) -> Result<Self, String> {
        let value = serde_json::from_str(text);
        value
            .map(Self)
            .map_err(|problem| format!("be the expected JSON ({problem})"))
    }
}

/// An origin that browsers reach.
#[derive(Clone, Debug)]
pub(super) struct Origin(pub(super) String);

impl SettingValue for Origin {
    const TYPE: SettingType = SettingType::Url;

    fn parse(text: &str) -> Result<Self, String> {
        <HttpUrl as SettingValue>::parse(text)?;
        let url = Url::parse(text).map_err(|error| format!("be a URL: {error}"))?;
        let origin = url.origin().ascii_serialization();
        if text != origin {
            return Err(format!("be an origin without a path, such as {origin}"));
        }
        Ok(Self(origin))
    }
}

/// A secret that sealing keys are derived from.
#[derive(Clone, Debug)]
pub(super) struct SealingSecret(pub(super) String);

impl SettingValue for SealingSecret {
    const TYPE: SettingType = SettingType::String;
    const SECRET: bool = true;

    fn parse(text: &str) -> Result<Self, String> {
        if text.len() < 32 {
            return Err("be a random value of 32 characters or more".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

/// A whole number in a range.
#[derive(Clone, Copy, Debug)]
pub(super) struct Whole<const LEAST: u64, const MOST: u64>(pub(super) u64);

impl<const LEAST: u64, const MOST: u64> SettingValue for Whole<LEAST, MOST> {
    const TYPE: SettingType = SettingType::Integer;

    fn parse(text: &str) -> Result<Self, String> {
        let number = text.parse::<u64>().ok();
        let number = number.filter(|number| (LEAST..=MOST).contains(number));
        number
            .map(Self)
            .ok_or_else(|| format!("be a whole number from {LEAST} to {MOST}"))
    }
}
