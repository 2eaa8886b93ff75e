//! The settings, read once from the environment variables; all problems are reported at once.

use std::net::SocketAddr;

use mcp_lambda_contract::{Reader, Settings as _, SettingsError};
use serde::Deserialize;

use crate::{
    assertion::MachineClient,
    client::refused::{RefusedClients, is_refusable},
    oauth::{
        redirect::{
            CallbackRule, KNOWN_CLIENT_CALLBACKS, RedirectPolicy, RedirectUri, is_loopback_host,
        },
        resource::ProtectedResources,
    },
    sealed::{seal::Purpose, secret::Digest},
};
use choices::Choices;
use machine_clients::MachineSettings;
use resources::ServerSettings;
use secrets::SecretSettings;
use values::{BaseUrl, CustomScheme, Entries, Json, LocalHost, LoopbackAddress};

mod choices;
mod machine_clients;
mod resources;
mod secrets;
mod values;

pub use choices::settings_schema;
pub use mcp_lambda_contract::SettingProblem;
pub(crate) use secrets::{AwsAccess, SecretLocation, Secrets};
pub(crate) use values::{Certificate, DarkColor, HttpsUrl, Origin};

const CLIENTS: &str = "AUTHORIZATION_CLIENTS";
const REFUSED_CLIENTS: &str = "AUTHORIZATION_REFUSED_CLIENTS";
const LOCAL_HOSTS: &str = "AUTHORIZATION_LOCAL_METADATA_HOSTS";

mcp_lambda_contract::settings! {
    /// This server and the user pool behind it.
    pub(crate) struct Addresses owned by McpLambda {
        /// The user pool's issuer, which signs the tokens.
        pub(crate) pool_issuer: BaseUrl = "MCP_ISSUER",
        /// Where its keys are, for the metadata. Default: {MCP_ISSUER}/.well-known/jwks.json.
        jwks_url: Option<BaseUrl> = "MCP_JWKS_URL",
        /// Our issuer: the public base URL of this server.
        pub(crate) issuer: BaseUrl = "AUTHORIZATION_ISSUER",
        /// Base URL of the user pool's domain.
        pub(crate) sign_in_url: BaseUrl = "AUTHORIZATION_SIGN_IN_URL",
        /// Our one app client.
        pub(crate) cognito_client_id: String = "AUTHORIZATION_COGNITO_CLIENT_ID",
    }
}

mcp_lambda_contract::settings! {
    /// What the constructs and the local stack set besides.
    pub(crate) struct EdgeSettings owned by McpLambda {
        /// Pre-registered clients, as JSON: a list of PreRegisteredClient.
        pub(crate) clients: Json<Vec<PreRegisteredClient>> = "AUTHORIZATION_CLIENTS" or "[]",
        /// Web origins that may read /token, /register and /revoke.
        pub(crate) allowed_origins: Entries<Origin> = "MCP_ALLOWED_ORIGINS",
        /// Loopback address of the plain HTTP mode.
        pub(crate) listen: LoopbackAddress = "AUTHORIZATION_LISTEN" or "127.0.0.1:3031",
        /// Local stack: substitutes for clients' metadata hosts, each host=address:port.
        hosts: Entries<LocalHost> = "AUTHORIZATION_LOCAL_METADATA_HOSTS",
        /// Local stack: certificate (base64 DER) that those substitutes present or chain to.
        pub(crate) certificate: Option<Certificate> = "AUTHORIZATION_LOCAL_METADATA_CA",
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

/// Everything that is configured. Built by [`Settings::from_variables`] only.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The MCP servers that get their access tokens here, with their scopes.
    pub resources: ProtectedResources,
    /// Name of the service on the pages.
    pub brand_name: String,
    pub(crate) addresses: Addresses,
    pub(crate) secrets: Secrets,
    pub(crate) choices: Choices,
    pub(crate) edge: EdgeSettings,
    /// Programs that authenticate with a client assertion.
    pub(crate) machine_clients: Vec<MachineClient>,
    /// Redirect URIs of unverified clients.
    pub(crate) redirects: RedirectPolicy,
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

    /// Reads every group, whether or not another one is complete.
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let servers = ServerSettings::read(reader);
        if let Some(servers) = &servers {
            servers.check(reader);
        }
        let addresses = Addresses::read(reader);
        let machine_clients = MachineSettings::read(reader)
            .map(|clients| clients.clients(addresses.as_ref().map(|each| &each.issuer), reader));
        let has_machine_clients = machine_clients
            .as_ref()
            .is_some_and(|each| !each.is_empty());
        let secrets = SecretSettings::read(reader)
            .and_then(|secrets| secrets.locate(has_machine_clients, reader));
        let choices = Choices::read(reader);
        let edge = EdgeSettings::read(reader);
        let (servers, choices, edge) = (servers?, choices?, edge?);

        let issuer = addresses.as_ref().map(|addresses| &addresses.issuer);
        let host = servers.one.as_ref().or(issuer).and_then(BaseUrl::host);
        let brand_name = choices.display_name.clone().or(host);
        let resources = servers.resources(brand_name.clone(), issuer, reader);
        check_clients(&edge.clients.0, resources.as_ref(), reader);
        check_refused(&choices.refused_clients, &edge.clients.0, reader);
        edge.check_hosts(issuer, reader);
        Some(Self {
            resources: resources?,
            brand_name: brand_name?,
            addresses: addresses?,
            secrets: secrets?,
            redirects: redirects(&choices),
            choices,
            edge,
            machine_clients: machine_clients?,
        })
    }

    /// The program that authenticates with a client assertion and has this `client_id`.
    pub(crate) fn machine_client(&self, client_id: &str) -> Option<&MachineClient> {
        let mut clients = self.machine_clients.iter();
        clients.find(|client| client.client_id == client_id)
    }

    /// Base of the user pool's domain, without a trailing slash.
    pub fn sign_in_url(&self) -> &str {
        &self.addresses.sign_in_url.text
    }

    /// The user pool's keys.
    pub(crate) fn jwks_url(&self) -> String {
        let Addresses {
            pool_issuer,
            jwks_url,
            ..
        } = &self.addresses;
        let derived = || mcp_lambda_contract::jwks_url(&pool_issuer.text);
        jwks_url
            .as_ref()
            .map_or_else(derived, |url| url.text.clone())
    }

    /// Our callback at Cognito, the only one our app client has.
    pub fn callback_url(&self) -> String {
        format!("{}/callback", self.addresses.issuer.text)
    }

    /// `scheme://host[:port]` of our pages, to compare `Origin` with.
    pub fn origin(&self) -> String {
        self.addresses.issuer.url.origin().ascii_serialization()
    }

    /// Whether we are reached over TLS. Plain HTTP is accepted on loopback only.
    pub fn is_secure(&self) -> bool {
        self.addresses.issuer.url.scheme() == "https"
    }
}

fn redirects(choices: &Choices) -> RedirectPolicy {
    let mut callbacks = choices.redirect_hosts.0.clone();
    if callbacks.is_empty() {
        let known = KNOWN_CLIENT_CALLBACKS.iter();
        callbacks = known
            .filter_map(|entry| CallbackRule::parse(entry))
            .collect();
    }
    let schemes = choices.custom_schemes.0.iter();
    RedirectPolicy {
        callbacks,
        custom_schemes: schemes.map(|CustomScheme(scheme)| scheme.clone()).collect(),
    }
}

impl EdgeSettings {
    /// The address of the local stack that replaces a client's metadata host.
    pub(crate) fn substitute(&self, host: &str) -> Option<SocketAddr> {
        let mut hosts = self.hosts.0.iter();
        hosts.find_map(|LocalHost(name, address)| (name == host).then_some(*address))
    }

    /// Substitutes bypass the address checks, so only a loopback issuer may have them.
    fn check_hosts(&self, issuer: Option<&BaseUrl>, reader: &mut Reader<'_>) {
        let has_substitutes = !self.hosts.0.is_empty() || self.certificate.is_some();
        if has_substitutes && issuer.is_some_and(|issuer| !is_loopback_host(&issuer.url)) {
            reader.problem(
                LOCAL_HOSTS,
                "is for the local stack; remove it, or make AUTHORIZATION_ISSUER a loopback URL",
            );
        }
    }
}

fn check_refused(
    refused: &RefusedClients,
    clients: &[PreRegisteredClient],
    reader: &mut Reader<'_>,
) {
    for entry in refused.entries() {
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
