//! The settings, read once from the environment variables; all problems are reported at once.

mod values;

use mcp_lambda_contract::{Reader, Settings as _, SettingsError};

use values::{Json, Origin, SealingSecret, Whole};
pub use values::{ModelEntry, ServerEntry};

const SERVERS: &str = "PLAYGROUND_SERVERS";
const MODELS: &str = "PLAYGROUND_MODELS";
const TABLE: &str = "PLAYGROUND_TABLE";
const SECRET: &str = "PLAYGROUND_SECRET";
const SECRET_ARN: &str = "PLAYGROUND_SECRET_ARN";

mcp_lambda_contract::settings! {
    /// The playground. The constructs set all of it; the local stack some.
    struct Variables owned by McpLambda {
        /// Where browsers reach the pages: an https origin, or http on loopback. No path.
        origin: Origin = "PLAYGROUND_ORIGIN",
        /// The MCP servers, as JSON: a list of {"name","url"}. The access token of the first says who a person is.
        servers: Json<Vec<ServerEntry>> = "PLAYGROUND_SERVERS",
        /// The models that people choose from, as JSON: a list of {"id","name"}; the first is the default, a name is optional.
        models: Json<Vec<ModelEntry>> = "PLAYGROUND_MODELS",
        /// The table of sign-ins and conversations. Without it, and outside Lambda only, they end with the process.
        table: Option<String> = "PLAYGROUND_TABLE",
        /// What the keys of sealed access tokens are derived from.
        secret: Option<SealingSecret> = "PLAYGROUND_SECRET",
        /// The same in Secrets Manager.
        secret_arn: Option<String> = "PLAYGROUND_SECRET_ARN",
        /// The system prompt, which the model reads before every conversation.
        system_prompt: Option<String> = "PLAYGROUND_SYSTEM_PROMPT",
        /// The most questions that one person asks in one minute.
        turns_per_minute: Whole<1, 10_000> = "PLAYGROUND_TURNS_PER_MINUTE" or "20",
        /// The most tokens that one person uses on one day (UTC). A question that is asked below the limit gets its whole reply.
        tokens_per_day: Whole<1, 1_000_000_000> = "PLAYGROUND_TOKENS_PER_DAY" or "500000",
        /// Days after its last change on which a conversation is deleted.
        retention_days: Whole<1, 3650> = "PLAYGROUND_RETENTION_DAYS" or "30",
        /// The name on the pages and in consent pages.
        title: String = "PLAYGROUND_TITLE" or "Playground",
        /// Whether servers may be on loopback and in private networks: for one machine.
        allow_private_servers: bool = "ALLOW_PRIVATE_SERVERS" or "false",
        /// Port of the plain HTTP mode, on 127.0.0.1. 0: a free one.
        port: Whole<0, 65_535> = "PORT" or "3040",
    }
}

/// Everything that is configured. Built by [`Settings::from_variables`] only.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where browsers reach the pages, without a path.
    pub(crate) origin: String,
    /// The servers that every person has; the first says who a person is.
    pub(crate) servers: Vec<ServerEntry>,
    /// The models; the first is the default.
    pub(crate) models: Vec<ModelEntry>,
    pub(crate) table: Option<String>,
    pub(crate) secret: SecretLocation,
    pub(crate) system_prompt: Option<String>,
    pub(crate) turns_per_minute: u64,
    pub(crate) tokens_per_day: u64,
    pub(crate) retention_seconds: u64,
    pub(crate) title: String,
    pub(crate) allow_private_servers: bool,
    pub(crate) port: u16,
}

/// Where the sealing secret is.
#[derive(Clone)]
pub(crate) enum SecretLocation {
    InPlace(String),
    SecretsManager(String),
}

impl std::fmt::Debug for SecretLocation {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::InPlace(_) => "InPlace",
            Self::SecretsManager(_) => "SecretsManager",
        })
    }
}

impl Settings {
    /// Reads the variables. Unknown ones are ignored: Lambda sets dozens.
    ///
    /// # Errors
    ///
    /// Every variable that is missing or wrong, at once.
    pub fn from_variables(
        variables: &std::collections::BTreeMap<String, String>,
        is_function: bool,
    ) -> Result<Self, SettingsError> {
        let mut reader = Reader::new(variables);
        let read = Variables::read(&mut reader);
        let settings = read.and_then(|read| read.checked(&mut reader, is_function));
        reader.finish(settings)
    }

    /// Whether browsers reach the pages over TLS.
    pub(crate) fn is_secure(&self) -> bool {
        self.origin.starts_with("https://")
    }

    /// Where authorization servers send people back to.
    pub(crate) fn redirect_uri(&self) -> String {
        format!("{}/callback", self.origin)
    }

    /// The URL of the client's metadata document: its `client_id` where authorization servers can fetch it.
    pub(crate) fn client_document(&self) -> Option<String> {
        self.is_secure()
            .then(|| format!("{}/client.json", self.origin))
    }

    /// The model with this id, or the default one.
    pub(crate) fn model(&self, id: &str) -> Option<&ModelEntry> {
        let named = self.models.iter().find(|model| model.id == id);
        named.or_else(|| self.models.first())
    }
}

impl Variables {
    fn checked(self, reader: &mut Reader<'_>, is_function: bool) -> Option<Settings> {
        let Json(servers) = self.servers;
        let Json(models) = self.models;
        if servers.is_empty() {
            reader.problem(
                SERVERS,
                "must have at least one server: it says who signs in",
            );
        }
        for server in &servers {
            if let Err(rule) = server.check(self.allow_private_servers) {
                reader.problem(
                    SERVERS,
                    format!("has the server '{}', which must {rule}", server.name),
                );
            }
        }
        if models.is_empty() {
            reader.problem(MODELS, "must have at least one model");
        }
        if is_function && self.table.is_none() {
            reader.problem(TABLE, "is not set");
        }
        let secret = match (self.secret, self.secret_arn) {
            (Some(_), Some(_)) => {
                reader.problem(
                    SECRET,
                    format!("is set together with {SECRET_ARN}; remove one"),
                );
                return None;
            }
            (Some(SealingSecret(secret)), None) => SecretLocation::InPlace(secret),
            (None, Some(arn)) => SecretLocation::SecretsManager(arn),
            (None, None) => {
                reader.problem(SECRET, format!("is not set, and {SECRET_ARN} is not set"));
                return None;
            }
        };
        Some(Settings {
            origin: self.origin.0,
            servers,
            models,
            table: self.table,
            secret,
            system_prompt: self.system_prompt,
            turns_per_minute: self.turns_per_minute.0,
            tokens_per_day: self.tokens_per_day.0,
            retention_seconds: self.retention_days.0 * 24 * 60 * 60,
            title: self.title,
            allow_private_servers: self.allow_private_servers,
            port: u16::try_from(self.port.0).unwrap_or_default(),
        })
    }
}
