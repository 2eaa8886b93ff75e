//! Parses the values of OpenTelemetry's environment variables.

use http::Uri;
use mcp_lambda_contract::{List, SettingType, SettingUnit, SettingValue};
use opentelemetry_sdk::trace::{Sampler, ShouldSample};
use percent_encoding::percent_decode_str;

/// A setting whose parsing never fails here; its user reports an invalid value.
#[derive(Clone, Debug)]
pub(crate) struct Lenient<T>(pub(super) Result<T, String>);

impl<T> Lenient<T> {
    pub(super) fn or_else(self, default: impl FnOnce(String) -> T) -> T {
        self.0.unwrap_or_else(default)
    }
}

impl<T: SettingValue> SettingValue for Lenient<T> {
    const TYPE: SettingType = T::TYPE;
    const UNIT: Option<SettingUnit> = T::UNIT;

    fn parse(text: &str) -> Result<Self, String> {
        Ok(Self(T::parse(text)))
    }
}

/// A URL. Plain http is accepted for every host, because collectors inside a network often use it.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint(pub(super) Uri);

impl Endpoint {
    pub(super) fn below(&self, path: &str) -> Option<Uri> {
        let base = self.0.to_string();
        format!("{}/{path}", base.trim_end_matches('/'))
            .parse()
            .ok()
    }
}

impl SettingValue for Endpoint {
    const TYPE: SettingType = SettingType::Url;

    fn parse(text: &str) -> Result<Self, String> {
        let url: Option<Uri> = text.parse().ok();
        url.filter(|url| matches!(url.scheme_str(), Some("http" | "https")))
            .filter(|url| url.host().is_some_and(|host| !host.is_empty()))
            .map(Self)
            .ok_or_else(|| "be an http or https URL".to_owned())
    }
}

/// `key=value`, separated by commas, values percent-encoded, as in W3C Baggage without properties.
#[derive(Clone, Debug)]
pub(crate) struct Pairs(pub(super) Vec<(String, String)>);

impl SettingValue for Pairs {
    const TYPE: SettingType = SettingType::String;
    const SECRET: bool = true;

    fn parse(text: &str) -> Result<Self, String> {
        let parts = text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty());
        let pair = |part: &str| {
            let (key, value) = part.split_once('=')?;
            let value = percent_decode_str(value.trim()).decode_utf8().ok()?;
            let key = key.trim();
            (!key.is_empty()).then(|| (key.to_owned(), value.into_owned()))
        };
        let pairs: Option<Vec<_>> = parts.map(pair).collect();
        pairs
            .map(Self)
            .ok_or_else(|| "be key=value pairs, separated by commas".to_owned())
    }
}

/// Which sampler, by the specification's names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SamplerName {
    root: RootSampler,
    follows_parent: bool,
}

#[derive(Clone, Copy, Debug)]
enum RootSampler {
    On,
    Off,
    Share,
}

impl SamplerName {
    pub(super) const DEFAULT: Self = Self {
        root: RootSampler::On,
        follows_parent: true,
    };

    pub(super) fn sampler(self, Ratio(share): Ratio) -> Box<dyn ShouldSample> {
        let root = match self.root {
            RootSampler::On => Sampler::AlwaysOn,
            RootSampler::Off => Sampler::AlwaysOff,
            RootSampler::Share => Sampler::TraceIdRatioBased(share),
        };
        if self.follows_parent {
            Box::new(Sampler::ParentBased(Box::new(root)))
        } else {
            Box::new(root)
        }
    }
}

impl SettingValue for SamplerName {
    const TYPE: SettingType = SettingType::String;

    fn parse(text: &str) -> Result<Self, String> {
        let root = text.strip_prefix("parentbased_");
        let follows_parent = root.is_some();
        let root = match root.unwrap_or(text) {
            "always_on" => RootSampler::On,
            "always_off" => RootSampler::Off,
            "traceidratio" => RootSampler::Share,
            _ => {
                return Err(
                    "be always_on, always_off, traceidratio, or one of them after parentbased_"
                        .to_owned(),
                );
            }
        };
        Ok(Self {
            root,
            follows_parent,
        })
    }
}

/// A share of all.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ratio(pub(super) f64);

impl SettingValue for Ratio {
    const TYPE: SettingType = SettingType::String;

    fn parse(text: &str) -> Result<Self, String> {
        let share: Option<f64> = text.parse().ok();
        share
            .filter(|share| (0.0..=1.0).contains(share))
            .map(Self)
            .ok_or_else(|| "be a number from 0 to 1".to_owned())
    }
}

/// Whose trace a request continues.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Propagators {
    /// The caller's, as it says in `traceparent`.
    pub(super) caller: bool,
    /// The platform's.
    pub(super) xray: bool,
}

impl Propagators {
    pub(super) const DEFAULT: Self = Self {
        caller: true,
        xray: false,
    };
}

impl SettingValue for Propagators {
    const TYPE: SettingType = SettingType::List;

    fn parse(text: &str) -> Result<Self, String> {
        let List(names) = List::parse(text)?;
        let known = ["tracecontext", "baggage", "xray-lambda", "none"];
        if !names.iter().all(|name| known.contains(&name.as_str())) {
            return Err("have no other names than tracecontext, xray-lambda and none".to_owned());
        }
        let has = |name: &str| names.iter().any(|given| given == name);
        Ok(Self {
            caller: has("tracecontext"),
            xray: has("xray-lambda"),
        })
    }
}
