//! From variables to [`Settings`]: every problem is collected before any is reported.

use std::{collections::BTreeMap, net::SocketAddr};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::de::DeserializeOwned;
use url::Url;

use super::{
    AwsAccess, Brand, LocalMetadataHosts, PreRegisteredClient, SecretLocation, SettingProblem,
    SettingProblems, Settings,
};
use crate::{
    redirect::{
        CallbackRule, KNOWN_CLIENT_CALLBACKS, RedirectPolicy, is_listable_scheme, is_loopback_host,
    },
    scope::{ScopeCatalog, ScopeDefinition},
    seal::Purpose,
    secret::Secret,
};

const DAY: u64 = 24 * 60 * 60;

struct Variables {
    values: BTreeMap<String, String>,
    problems: Vec<SettingProblem>,
}

impl Settings {
    /// Reads the variables. Unknown ones are left alone: Lambda sets dozens.
    ///
    /// # Errors
    /// Every variable that is missing or wrong, at once.
    pub fn from_variables(
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, SettingProblems> {
        let values = variables
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .collect();
        let mut from = Variables {
            values,
            problems: Vec::new(),
        };
        let settings = from.settings();
        match settings {
            Some(settings) if from.problems.is_empty() => Ok(settings),
            _ => Err(SettingProblems(from.problems)),
        }
    }
}

impl Variables {
    fn problem(&mut self, name: &'static str, message: impl Into<String>) {
        self.problems.push(SettingProblem {
            name,
            message: message.into(),
        });
    }

    fn optional(&self, name: &str) -> Option<String> {
        self.values.get(name).cloned()
    }

    fn required(&mut self, name: &'static str, meaning: &str) -> Option<String> {
        let value = self.optional(name);
        if value.is_none() {
            self.problem(name, format!("is required: {meaning}"));
        }
        value
    }

    /// An `https` URL, or `http` on loopback, without user, query and fragment; returned without a trailing slash.
    fn url(&mut self, name: &'static str, meaning: &str) -> Option<(String, Url)> {
        let text = self.required(name, meaning)?;
        self.checked_url(name, &text)
    }

    fn checked_url(&mut self, name: &'static str, text: &str) -> Option<(String, Url)> {
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

    fn json<T: DeserializeOwned>(&mut self, name: &'static str, text: &str) -> Option<T> {
        match serde_json::from_str(text) {
            Ok(value) => Some(value),
            Err(error) => {
                self.problem(name, format!("is not the expected JSON: {error}"));
                None
            }
        }
    }

    fn boolean(&mut self, name: &'static str, default: bool) -> bool {
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

    fn days(&mut self, name: &'static str, default: u64) -> u64 {
        let Some(text) = self.optional(name) else {
            return default * DAY;
        };
        match text.parse::<u64>() {
            Ok(days) if (1..=3650).contains(&days) => days * DAY,
            _ => {
                self.problem(
                    name,
                    format!("'{text}' must be a number of days from 1 to 3650"),
                );
                default * DAY
            }
        }
    }

    fn list(&self, name: &str) -> Vec<String> {
        let text = self.optional(name).unwrap_or_default();
        text.split(',')
            .map(str::trim)
            .filter(|entry| !entry.is_empty())
            .map(str::to_owned)
            .collect()
    }

    fn settings(&mut self) -> Option<Settings> {
        let resource = self.url("MCP_RESOURCE", "the public MCP URL");
        let pool = self.url("MCP_ISSUER", "the user pool's issuer");
        let issuer = self.url("AUTHORIZATION_ISSUER", "the public base URL of this server");
        let sign_in = self.url(
            "AUTHORIZATION_SIGN_IN_URL",
            "the base URL of the user pool's domain",
        );
        let jwks_url = match self.optional("MCP_JWKS_URL") {
            Some(text) => self
                .checked_url("MCP_JWKS_URL", &text)
                .map(|(text, _)| text),
            None => pool
                .as_ref()
                .map(|(text, _)| format!("{text}/.well-known/jwks.json")),
        };
        let cognito_client_id = self.required(
            "AUTHORIZATION_COGNITO_CLIENT_ID",
            "the id of our app client",
        );
        let cognito_client_secret = self.secret(
            "AUTHORIZATION_COGNITO_CLIENT_SECRET",
            "AUTHORIZATION_COGNITO_CLIENT_SECRET_ARN",
            1,
        );
        let sealing_secret = self.secret(
            "AUTHORIZATION_SEALING_SECRET",
            "AUTHORIZATION_SEALING_SECRET_ARN",
            32,
        );
        if sealing_secret.is_none()
            && self
                .problems
                .iter()
                .all(|problem| problem.name != "AUTHORIZATION_SEALING_SECRET")
        {
            self.problem(
                "AUTHORIZATION_SEALING_SECRET",
                "is required, or AUTHORIZATION_SEALING_SECRET_ARN",
            );
        }
        let previous_sealing_secret = self.previous_sealing_secret(sealing_secret.as_ref());
        let in_secrets_manager = [&cognito_client_secret, &sealing_secret.clone()]
            .into_iter()
            .any(|location| matches!(location, Some(SecretLocation::SecretsManager(_))));
        let aws = if in_secrets_manager { self.aws() } else { None };
        let scopes = self.scopes();
        let clients = self.clients(scopes.as_ref());
        let registration = self.boolean("AUTHORIZATION_REGISTRATION", true);
        let client_documents = self.boolean("AUTHORIZATION_CLIENT_DOCUMENTS", true);
        let registration_seconds = self.days("AUTHORIZATION_REGISTRATION_DAYS", 90);
        let refresh_seconds = self.days("AUTHORIZATION_REFRESH_TOKEN_DAYS", 30);
        let redirects = self.redirects();
        let allowed_origins = self.origins();
        let brand = self.brand(resource.as_ref().map(|(_, url)| url));
        let listen = self.listen();
        let local_metadata_hosts = self.local_metadata_hosts(issuer.as_ref().map(|(_, url)| url));
        let (issuer, issuer_url) = issuer?;
        Some(Settings {
            issuer,
            issuer_url,
            resource: resource?.1,
            pool_issuer: pool?.0,
            jwks_url: jwks_url?,
            sign_in_url: sign_in?.0,
            cognito_client_id: cognito_client_id?,
            cognito_client_secret,
            sealing_secret: sealing_secret?,
            previous_sealing_secret,
            aws,
            scopes: scopes?,
            clients,
            registration,
            client_documents,
            registration_seconds,
            refresh_seconds,
            redirects,
            allowed_origins,
            brand: brand?,
            listen: listen?,
            local_metadata_hosts,
        })
    }

    fn secret(
        &mut self,
        in_place: &'static str,
        arn: &'static str,
        min_length: usize,
    ) -> Option<SecretLocation> {
        match (self.optional(in_place), self.optional(arn)) {
            (Some(_), Some(_)) => {
                self.problem(in_place, format!("is set together with {arn}; remove one"));
                None
            }
            (Some(value), None) if value.len() < min_length => {
                self.problem(
                    in_place,
                    format!("is shorter than {min_length} characters; use a random value"),
                );
                None
            }
            (Some(value), None) => Some(SecretLocation::InPlace(Secret::new(value))),
            (None, Some(value)) => Some(SecretLocation::SecretsManager(value)),
            (None, None) => None,
        }
    }

    fn previous_sealing_secret(&mut self, current: Option<&SecretLocation>) -> Option<Secret> {
        const NAME: &str = "AUTHORIZATION_SEALING_SECRET_PREVIOUS";
        let value = self.optional(NAME)?;
        if matches!(current, Some(SecretLocation::SecretsManager(_))) {
            self.problem(NAME, "cannot be used with AUTHORIZATION_SEALING_SECRET_ARN; the stage AWSPREVIOUS is read instead");
        } else if value.len() < 32 {
            self.problem(
                NAME,
                "is shorter than 32 characters; use the value before the last rotation",
            );
        }
        Some(Secret::new(value))
    }

    fn aws(&mut self) -> Option<AwsAccess> {
        const WHY: &str = "a secret is in Secrets Manager";
        let region = self.required("AWS_REGION", WHY);
        let access_key_id = self.required("AWS_ACCESS_KEY_ID", WHY);
        let secret_access_key = self.required("AWS_SECRET_ACCESS_KEY", WHY);
        let region = region?;
        let text = self
            .optional("AWS_ENDPOINT_URL")
            .unwrap_or_else(|| format!("https://secretsmanager.{region}.amazonaws.com"));
        let (_, endpoint) = self.checked_url("AWS_ENDPOINT_URL", &text)?;
        Some(AwsAccess {
            region,
            endpoint,
            access_key_id: Secret::new(access_key_id?),
            secret_access_key: Secret::new(secret_access_key?),
            session_token: self.optional("AWS_SESSION_TOKEN").map(Secret::new),
        })
    }

    fn scopes(&mut self) -> Option<ScopeCatalog> {
        const NAME: &str = "AUTHORIZATION_SCOPES";
        let text = self.required(NAME, "the scopes with their descriptions, as JSON")?;
        let definitions: Vec<ScopeDefinition> = self.json(NAME, &text)?;
        let legal = |name: &str| {
            !name.is_empty()
                && name
                    .bytes()
                    .all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
        };
        if definitions.is_empty() {
            self.problem(
                NAME,
                "is empty; a sign-in without a scope gives a token that no tool accepts",
            );
        }
        for definition in &definitions {
            if !legal(&definition.name) {
                self.problem(
                    NAME,
                    format!(
                        "'{}' is not a legal scope (RFC 6749 section 3.3)",
                        definition.name
                    ),
                );
            }
            if definition.name == "offline_access" {
                self.problem(
                    NAME,
                    "'offline_access' does not exist in Cognito and fails every sign-in; remove it",
                );
            }
            if definition.description.trim().is_empty() {
                self.problem(
                    NAME,
                    format!(
                        "'{}' has no description for the consent page",
                        definition.name
                    ),
                );
            }
        }
        Some(ScopeCatalog::new(definitions))
    }

    fn clients(&mut self, scopes: Option<&ScopeCatalog>) -> Vec<PreRegisteredClient> {
        const NAME: &str = "AUTHORIZATION_CLIENTS";
        let Some(text) = self.optional(NAME) else {
            return Vec::new();
        };
        let clients: Vec<PreRegisteredClient> = self.json(NAME, &text).unwrap_or_default();
        for (index, client) in clients.iter().enumerate() {
            let id = &client.client_id;
            if id.is_empty()
                || id.contains("://")
                || Purpose::ALL
                    .iter()
                    .any(|purpose| id.starts_with(purpose.prefix()))
            {
                self.problem(NAME, format!("client '{id}' must have an id that is neither a URL nor begins like a sealed value"));
            }
            if clients
                .iter()
                .skip(index + 1)
                .any(|other| other.client_id == *id)
            {
                self.problem(NAME, format!("client '{id}' is listed twice"));
            }
            if client.redirect_uris.is_empty() {
                self.problem(NAME, format!("client '{id}' has no redirectUris"));
            }
            for scope in client.scopes.iter().flatten() {
                if scopes.is_some_and(|catalog| catalog.definition(scope).is_none()) {
                    self.problem(NAME, format!("client '{id}' has scope '{scope}', which AUTHORIZATION_SCOPES does not list"));
                }
            }
        }
        clients
    }

    fn redirects(&mut self) -> RedirectPolicy {
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

    fn origins(&mut self) -> Vec<String> {
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

    fn brand(&mut self, resource: Option<&Url>) -> Option<Brand> {
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
            .unwrap_or_else(|| "#1a4f8b".to_owned());
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

    fn listen(&mut self) -> Option<SocketAddr> {
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

    fn local_metadata_hosts(&mut self, issuer: Option<&Url>) -> LocalMetadataHosts {
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
        // The stand-ins bypass the address checks: never where other people's requests arrive.
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
