//! The settings, read once from the environment variables; all problems are reported at once.
//!
//! | Variable | Meaning | Default |
//! |---|---|---|
//! | `MCP_RESOURCE` | resource identifier: the public MCP URL of the one MCP server | required, or `AUTHORIZATION_RESOURCES` |
//! | `MCP_ISSUER` | the user pool's issuer, which signs the tokens | required |
//! | `MCP_JWKS_URL` | where its keys are, for the metadata | `<MCP_ISSUER>/.well-known/jwks.json` |
//! | `MCP_ALLOWED_ORIGINS` | comma-separated web origins that may read `/token`, `/register`, `/revoke` | none |
//! | `AUTHORIZATION_ISSUER` | our issuer: the public base URL of this server | required |
//! | `AUTHORIZATION_SIGN_IN_URL` | base URL of the user pool's domain | required |
//! | `AUTHORIZATION_COGNITO_CLIENT_ID` | our one app client | required |
//! | `AUTHORIZATION_COGNITO_CLIENT_SECRET` | its secret, in place | public app client |
//! | `AUTHORIZATION_COGNITO_CLIENT_SECRET_ARN` | its secret, in Secrets Manager | public app client |
//! | `AUTHORIZATION_SEALING_SECRET` | what sealing keys are derived from, in place (32 characters or more) | one of the two is required |
//! | `AUTHORIZATION_SEALING_SECRET_PREVIOUS` | the one before the last rotation, in place | none |
//! | `AUTHORIZATION_SEALING_SECRET_ARN` | the same in Secrets Manager: `AWSCURRENT` and `AWSPREVIOUS` | one of the two is required |
//! | `AUTHORIZATION_SCOPES` | JSON: `[{"name":"<full scope>","description":"<plain words>"}]`, the scopes of `MCP_RESOURCE` | required with it |
//! | `AUTHORIZATION_RESOURCES` | JSON: `[{"resource":"<MCP URL>","name":"<for people>","scopes":[{"name":"<scope name>","description":"<plain words>"}]}]`, several MCP servers in place of one; an MCP URL may be its path below `AUTHORIZATION_ISSUER`; a full scope is `<MCP URL>/<scope name>` | `MCP_RESOURCE` |
//! | `AUTHORIZATION_CLIENTS` | JSON: pre-registered clients, see [`PreRegisteredClient`] | `[]` |
//! | `AUTHORIZATION_REGISTRATION` | `true`/`false`: RFC 7591 registration, and use of what was registered | `true` |
//! | `AUTHORIZATION_CLIENT_DOCUMENTS` | `true`/`false`: Client ID Metadata Documents | `true` |
//! | `AUTHORIZATION_REGISTRATION_DAYS` | how long a registration lasts, earlier ones included | `90` |
//! | `AUTHORIZATION_REFUSED_CLIENTS` | comma-separated clients that get nothing any more: a `client_id`, the host of a metadata document, or the digest in the log | none |
//! | `AUTHORIZATION_CODE_SECONDS` | how long a code is valid, 5 to 300: Cognito's code inside it lives five minutes | `300` |
//! | `AUTHORIZATION_REFRESH_TOKEN_DAYS` | how long a person stays signed in by refresh tokens, earlier ones included; the pool's own limit also applies | `30` |
//! | `AUTHORIZATION_REDIRECT_HOSTS` | comma-separated `https` callbacks, see [`crate::KNOWN_CLIENT_CALLBACKS`] | the known clients |
//! | `AUTHORIZATION_CUSTOM_SCHEMES` | comma-separated custom schemes | none |
//! | `AUTHORIZATION_BRAND_NAME` | name on the pages | host of `MCP_RESOURCE`, or of `AUTHORIZATION_ISSUER` for several |
//! | `AUTHORIZATION_BRAND_LOGO_URL` | `https` image on the pages | none |
//! | `AUTHORIZATION_BRAND_COLOR` | `#rrggbb` of buttons and links, dark enough for white text | `#1a4f8b` |
//! | `AUTHORIZATION_LISTEN` | plain HTTP mode: loopback address | `127.0.0.1:3031` |
//! | `AUTHORIZATION_LOCAL_METADATA_HOSTS` | local stack: `host=address:port` substitutes for clients' metadata hosts | none |
//! | `AUTHORIZATION_LOCAL_METADATA_CA` | local stack: certificate (base64 DER) that those substitutes present or chain to | none |
//! | `AWS_REGION`, `AWS_ENDPOINT_URL`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN` | for Secrets Manager, set by Lambda | required with an ARN |

use std::{collections::BTreeMap, net::SocketAddr};

use serde::Deserialize;
use url::Url;

use crate::{
    client::refused::RefusedClients,
    oauth::{
        redirect::{RedirectPolicy, RedirectUri},
        resource::ProtectedResources,
    },
    sealed::secret::{Digest, Secret},
};

mod clients_and_pages;
mod default;
mod parse;
mod resources;
mod schema;
mod variables;

pub use schema::settings_schema;

/// A client that the operator has registered.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PreRegisteredClient {
    /// `client_id`, any string that is neither a URL nor begins like a sealed one.
    pub client_id: String,
    /// Shown on the consent page as verified by the operator.
    pub client_name: String,
    /// Where its codes may go. Not limited by the list of callbacks: the operator has vouched for them.
    pub redirect_uris: Vec<RedirectUri>,
    /// The full scopes it may ask for; every scope if absent.
    #[serde(default)]
    pub scopes: Option<Vec<String>>,
    /// SHA-256 (hexadecimal) of each secret it may use, two during a rotation; a public client if absent.
    #[serde(default, rename = "secretSha256")]
    pub secret_digests: Vec<HexDigest>,
}

/// A digest in hexadecimal, as settings hold it.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct HexDigest(pub Digest);

impl TryFrom<String> for HexDigest {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Digest::from_hex(&text)
            .map(Self)
            .ok_or("secretSha256 must be 64 hexadecimal characters")
    }
}

/// How the pages look.
#[derive(Debug, Clone)]
pub struct Brand {
    /// Name of the service.
    pub name: String,
    /// Image above the heading.
    pub logo_url: Option<Url>,
    /// `#rrggbb`.
    pub color: String,
}

/// The location of a secret.
#[derive(Debug, Clone)]
pub enum SecretLocation {
    /// The value itself.
    InPlace(Secret),
    /// ARN of a secret in Secrets Manager.
    SecretsManager(String),
}

/// What the request to Secrets Manager needs.
#[derive(Debug, Clone)]
pub struct AwsAccess {
    /// Region of the secrets.
    pub region: String,
    /// The regional endpoint, or the emulator's.
    pub endpoint: Url,
    /// Access key id.
    pub access_key_id: Secret,
    /// Secret access key.
    pub secret_access_key: Secret,
    /// Session token of a role.
    pub session_token: Option<Secret>,
}

/// Substitutes for clients' metadata hosts on one machine. Accepted only if our own issuer is loopback.
#[derive(Debug, Clone, Default)]
pub struct LocalMetadataHosts {
    /// Host name to address.
    pub hosts: BTreeMap<String, SocketAddr>,
    /// Certificate, DER.
    pub certificate: Option<Vec<u8>>,
}

/// Everything that is configured. Built by [`Settings::from_variables`] only.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Our issuer, without a trailing slash.
    pub issuer: String,
    /// Our issuer as a URL.
    pub issuer_url: Url,
    /// The MCP servers that get their access tokens here, with their scopes.
    pub resources: ProtectedResources,
    /// The user pool's issuer.
    pub pool_issuer: String,
    /// The user pool's keys.
    pub jwks_url: String,
    /// Base of the user pool's domain, without a trailing slash.
    pub sign_in_url: String,
    /// Our app client.
    pub cognito_client_id: String,
    /// Its secret, unless it is public.
    pub cognito_client_secret: Option<SecretLocation>,
    /// Sealing secret.
    pub sealing_secret: SecretLocation,
    /// Sealing secret before the last rotation; only with one in place.
    pub previous_sealing_secret: Option<Secret>,
    /// Access to Secrets Manager; present if a secret is there.
    pub aws: Option<AwsAccess>,
    /// Pre-registered clients.
    pub clients: Vec<PreRegisteredClient>,
    /// Whether `/register` is open.
    pub registration: bool,
    /// Whether a URL may be a client id.
    pub client_documents: bool,
    /// Clients that are refused.
    pub refused_clients: RefusedClients,
    /// Lifetime of a registration in seconds, counted from the registration.
    pub registration_seconds: u64,
    /// Lifetime of our code in seconds.
    pub code_seconds: u64,
    /// Lifetime of a sealed refresh token in seconds, counted from the sign-in.
    pub refresh_seconds: u64,
    /// Redirect URIs of unverified clients.
    pub redirects: RedirectPolicy,
    /// Web origins for CORS.
    pub allowed_origins: Vec<String>,
    /// Look of the pages.
    pub brand: Brand,
    /// Address in plain HTTP mode.
    pub listen: SocketAddr,
    /// Substitutes of the local stack.
    pub local_metadata_hosts: LocalMetadataHosts,
}

impl Settings {
    /// Our callback at Cognito, the only one our app client has.
    pub fn callback_url(&self) -> String {
        format!("{}/callback", self.issuer)
    }

    /// `scheme://host[:port]` of our pages, to compare `Origin` with.
    pub fn origin(&self) -> String {
        self.issuer_url.origin().ascii_serialization()
    }

    /// Whether we are reached over TLS. Plain HTTP is accepted on loopback only.
    pub fn is_secure(&self) -> bool {
        self.issuer_url.scheme() == "https"
    }
}

/// One wrong variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingProblem {
    /// The variable.
    pub name: &'static str,
    /// The problem and the fix; never the value of a secret.
    pub message: String,
}

/// Every wrong variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingProblems(pub Vec<SettingProblem>);

impl std::fmt::Display for SettingProblems {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(
                formatter,
                "{separator}{}: {}",
                problem.name, problem.message
            )?;
        }
        Ok(())
    }
}

impl std::error::Error for SettingProblems {}
