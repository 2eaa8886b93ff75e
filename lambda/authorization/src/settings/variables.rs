//! Reads single variables and collects their problems.

use std::{collections::BTreeMap, ops::RangeInclusive};

use serde::de::DeserializeOwned;
use url::Url;

use super::SettingProblem;
use crate::oauth::redirect::is_loopback_host;

const DAY: u64 = 24 * 60 * 60;

/// The variables and the problems found so far.
pub(super) struct Variables {
    pub(super) values: BTreeMap<String, String>,
    pub(super) problems: Vec<SettingProblem>,
}

impl Variables {
    pub(super) fn problem(&mut self, name: &'static str, message: impl Into<String>) {
        self.problems.push(SettingProblem {
            name,
            message: message.into(),
        });
    }

    pub(super) fn optional(&self, name: &str) -> Option<String> {
        self.values.get(name).cloned()
    }

    pub(super) fn required(&mut self, name: &'static str, meaning: &str) -> Option<String> {
        let value = self.optional(name);
        if value.is_none() {
            self.problem(name, format!("is required: {meaning}"));
        }
        value
    }

    /// An `https` URL, or `http` on loopback, without user, query and fragment; returned without a trailing slash.
    pub(super) fn url(&mut self, name: &'static str, meaning: &str) -> Option<(String, Url)> {
        let text = self.required(name, meaning)?;
        self.checked_url(name, &text)
    }

    pub(super) fn checked_url(&mut self, name: &'static str, text: &str) -> Option<(String, Url)> {
        let parsed = Url::parse(text).ok().filter(|url| {
            let secure =
                url.scheme() == "https" || (url.scheme() == "http" && is_loopback_host(url));
            secure && url.username().is_empty() && url.query().is_none() && url.fragment().is_none()
        });
        match parsed {
            Some(url) => Some((text.trim_end_matches('/').to_owned(), url)),
            None => {
                self.problem(name, format!("'{text}' must be an https URL (http on loopback only) without user, query or fragment"));
                None
            }
        }
    }

    pub(super) fn json<T: DeserializeOwned>(
        &mut self,
        name: &'static str,
        text: &str,
    ) -> Option<T> {
        match serde_json::from_str(text) {
            Ok(value) => Some(value),
            Err(error) => {
                self.problem(name, format!("is not the expected JSON: {error}"));
                None
            }
        }
    }

    pub(super) fn boolean(&mut self, name: &'static str, default: bool) -> bool {
        match self.optional(name).as_deref() {
            None => default,
            Some("true") => true,
            Some("false") => false,
            Some(other) => {
                self.problem(name, format!("'{other}' must be true or false"));
                default
            }
        }
    }

    /// A number of days, in seconds.
    pub(super) fn days(&mut self, name: &'static str, default: u64) -> u64 {
        self.number(name, "days", 1..=3650, default) * DAY
    }

    pub(super) fn number(
        &mut self,
        name: &'static str,
        unit: &str,
        range: RangeInclusive<u64>,
        default: u64,
    ) -> u64 {
        let Some(text) = self.optional(name) else {
            return default;
        };
        match text.parse() {
            Ok(number) if range.contains(&number) => number,
            _ => {
                let (least, most) = (range.start(), range.end());
                self.problem(
                    name,
                    format!("'{text}' must be a number of {unit} from {least} to {most}"),
                );
                default
            }
        }
    }

    pub(super) fn list(&self, name: &str) -> Vec<String> {
        let text = self.optional(name).unwrap_or_default();
        text.split(',')
            .map(str::trim)
            .filter(|entry| !entry.is_empty())
            .map(str::to_owned)
            .collect()
    }
}
