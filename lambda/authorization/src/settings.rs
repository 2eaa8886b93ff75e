//! The settings, read once from the environment variables; all problems are reported at once.

use std::{collections::BTreeMap, net::SocketAddr};

use mcp_lambda_contract::{List, Reader, Settings as _, SettingsError};
use serde::Deserialize;
use url::Url;

use crate::{
    client::{RefusedClients, is_refusable},
    oauth::{
        redirect::{
            CallbackRule, KNOWN_CLIENT_CALLBACKS, RedirectPolicy, RedirectUri, is_loopback_host,
        },
        resource::ProtectedResources,
    },
    sealed::{
        seal::Purpose,
        secret::{Digest, Secret},
    },
};
use choices::Choices;
use resources::ServerSettings;
use secrets::SecretSettings;
use values::{
    BaseUrl, Certificate, CustomScheme, DarkColor, Entries, HttpsUrl, Json, LocalHost,
    LoopbackAddress, Origin, Within,
};

mod choices;
mod resources;
mod secrets;
mod values;

pub use choices::settings_schema;
pub use mcp_lambda_contract::SettingProblem;
pub use secrets::{AwsAccess, SecretLocation};

const DAY: u64 = 24 * 60 * 60;
const CLIENTS: &str = "AUTHORIZATION_CLIENTS";
const REFUSED_CLIENTS: &str = "AUTHORIZATION_REFUSED_CLIENTS";
const LOCAL_HOSTS: &str = "AUTHORIZATION_LOCAL_METADATA_HOSTS";

mcp_lambda_contract::settings! {
    /// This server and the user pool behind it.
    struct PoolSettings owned by McpLambda {
        /// The user pool's issuer, which signs the tokens.
        pool_issuer: BaseUrl = "MCP_ISSUER",
        /// Where its keys are, for the metadata. Default: {MCP_ISSUER}/.well-known/jwks.json.
        jwks_url: Option<BaseUrl> = "MCP_JWKS_URL",
        /// Our issuer: the public base URL of this server.
        issuer: BaseUrl = "AUTHORIZATION_ISSUER",
        /// Base URL of the user pool's domain.
        sign_in_url: BaseUrl = "AUTHORIZATION_SIGN_IN_URL",
        /// Our one app client.
        cognito_client_id: String = "AUTHORIZATION_COGNITO_CLIENT_ID",
    }
}

mcp_lambda_contract::settings! {
    /// What the constructs and the local stack set besides.
    struct EdgeSettings owned by McpLambda {
        /// Pre-registered clients, as JSON: a list of PreRegisteredClient.
        clients: Option<Json<Vec<PreRegisteredClient>>> = "AUTHORIZATION_CLIENTS",
        /// Web origins that may read /token, /register and /revoke.
        allowed_origins: Option<Entries<Origin>> = "MCP_ALLOWED_ORIGINS",
        /// Loopback address of the plain HTTP mode.
        listen: LoopbackAddress = "AUTHORIZATION_LISTEN" or "127.0.0.1:3031",
        /// Local stack: substitutes for clients' metadata hosts, each host=address:port.
        hosts: Option<Entries<LocalHost>> = "AUTHORIZATION_LOCAL_METADATA_HOSTS",
        /// Local stack: certificate (base64 DER) that those substitutes present or chain to.
        certificate: Option<Certificate> = "AUTHORIZATION_LOCAL_METADATA_CA",
    }
}

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
    /// Reads the variables. Unknown ones are ignored: Lambda sets dozens.
    ///
    /// # Errors
    /// Every variable that is missing or wrong, at once.
    pub fn from_variables(
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, SettingsError> {
        let variables = variables.into_iter().collect();
        let mut reader = Reader::new(&variables);
        let settings = Self::read(&mut reader);
        reader.finish(settings)
    }

    /// Each group is read whether or not another one is complete.
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let servers = ServerSettings::read(reader);
        if let Some(servers) = &servers {
            servers.check(reader);
        }
        let pool = PoolSettings::read(reader);
        let secrets = SecretSettings::read(reader).and_then(|secrets| secrets.locate(reader));
        let choices = Choices::read(reader);
        let edge = EdgeSettings::read(reader);

        let issuer = pool.as_ref().map(|pool| &pool.issuer);
        let brand_url = servers.as_ref()?.one.as_ref().or(issuer);
        let brand_host = brand_url.and_then(|url| Some(url.url.host_str()?.to_owned()));
        let chosen = choices
            .as_ref()
            .and_then(|choices| choices.display_name.clone());
        let brand_name = chosen.or(brand_host);
        let resources = servers?.resources(brand_name.clone(), issuer, reader);
        let (choices, edge) = (choices?, edge?);
        let clients = edge.clients.map_or_else(Vec::new, |Json(clients)| clients);
        check_clients(&clients, resources.as_ref(), reader);
        let List(refused) = choices.refused_clients.unwrap_or(List(Vec::new()));
        check_refused(&refused, &clients, reader);
        let local_metadata_hosts = LocalMetadataHosts {
            hosts: listed(edge.hosts)
                .map(|LocalHost(host, address)| (host, address))
                .collect(),
            certificate: edge.certificate.map(|Certificate(certificate)| certificate),
        };
        local_metadata_hosts.check(issuer, reader);

        let (pool, secrets) = (pool?, secrets?);
        let default_callbacks = || {
            KNOWN_CLIENT_CALLBACKS
                .iter()
                .filter_map(|entry| CallbackRule::parse(entry))
                .collect()
        };
        let (Within(code), Within(registration), Within(refresh)) = (
            choices.code_lifetime,
            choices.registration_lifetime,
            choices.refresh_token_lifetime,
        );
        Some(Self {
            issuer: pool.issuer.text,
            issuer_url: pool.issuer.url,
            resources: resources?,
            jwks_url: pool.jwks_url.map_or_else(
                || format!("{}/.well-known/jwks.json", pool.pool_issuer.text),
                |url| url.text,
            ),
            pool_issuer: pool.pool_issuer.text,
            sign_in_url: pool.sign_in_url.text,
            cognito_client_id: pool.cognito_client_id,
            cognito_client_secret: secrets.cognito_client,
            sealing_secret: secrets.sealing,
            previous_sealing_secret: secrets.previous_sealing,
            aws: secrets.aws,
            clients,
            registration: choices.registration_enabled,
            client_documents: choices.client_documents_enabled,
            refused_clients: RefusedClients::new(refused),
            registration_seconds: registration * DAY,
            code_seconds: code,
            refresh_seconds: refresh * DAY,
            redirects: RedirectPolicy {
                callbacks: choices
                    .redirect_hosts
                    .map_or_else(default_callbacks, |Entries(rules)| rules),
                custom_schemes: listed(choices.custom_schemes)
                    .map(|CustomScheme(scheme)| scheme)
                    .collect(),
            },
            allowed_origins: listed(edge.allowed_origins)
                .map(|Origin(origin)| origin)
                .collect(),
            brand: Brand {
                name: brand_name?,
                logo_url: choices.brand_logo_url.map(|HttpsUrl(url)| url),
                color: {
                    let DarkColor(color) = choices.brand_color;
                    color
                },
            },
            listen: {
                let LoopbackAddress(address) = edge.listen;
                address
            },
            local_metadata_hosts,
        })
    }

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

fn listed<T>(entries: Option<Entries<T>>) -> impl Iterator<Item = T> {
    entries.into_iter().flat_map(|Entries(entries)| entries)
}

impl LocalMetadataHosts {
    /// They bypass the address checks, so only a loopback issuer may have them.
    fn check(&self, issuer: Option<&BaseUrl>, reader: &mut Reader<'_>) {
        if (!self.hosts.is_empty() || self.certificate.is_some())
            && issuer.is_some_and(|issuer| !is_loopback_host(&issuer.url))
        {
            reader.problem(
                LOCAL_HOSTS,
                "is for the local stack; remove it, or make AUTHORIZATION_ISSUER a loopback URL",
            );
        }
    }
}

fn check_refused(entries: &[String], clients: &[PreRegisteredClient], reader: &mut Reader<'_>) {
    for entry in entries {
        let is_pre_registered = clients.iter().any(|client| client.client_id == *entry);
        if !is_refusable(entry, is_pre_registered) {
            reader.problem(REFUSED_CLIENTS, format!("'{entry}' matches no client: use the id of a client of AUTHORIZATION_CLIENTS, the https URL or the host of a metadata document, a client_id that begins with mcp-client-, or the 64 hexadecimal characters of client_digest in the log"));
        }
    }
}

fn check_clients(
    clients: &[PreRegisteredClient],
    resources: Option<&ProtectedResources>,
    reader: &mut Reader<'_>,
) {
    let mut problem = |message| reader.problem(CLIENTS, message);
    for (index, client) in clients.iter().enumerate() {
        let id = &client.client_id;
        if id.is_empty()
            || id.contains("://")
            || Purpose::ALL
                .iter()
                .any(|purpose| id.starts_with(purpose.prefix()))
        {
            problem(format!(
                "client '{id}' must have an id that is neither a URL nor begins like a sealed value"
            ));
        }
        if clients[..index].iter().any(|other| other.client_id == *id) {
            problem(format!("client '{id}' is listed twice"));
        }
        if client.redirect_uris.is_empty() {
            problem(format!("client '{id}' has no redirectUris"));
        }
        for scope in client.scopes.iter().flatten() {
            if resources.is_some_and(|known| known.scope(scope).is_none()) {
                problem(format!(
                    "client '{id}' has scope '{scope}', which no MCP server has"
                ));
            }
        }
    }
}
