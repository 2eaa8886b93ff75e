//! From variables to [`Settings`]: every problem is collected before any is reported.

use super::{
    AwsAccess, PreRegisteredClient, SecretLocation, SettingProblems, Settings, default,
    variables::Variables,
};
use crate::{
    client::{RefusedClients, is_refusable},
    oauth::resource::ProtectedResources,
    sealed::{seal::Purpose, secret::Secret},
};

impl Settings {
    /// Reads the variables. Unknown ones are ignored: Lambda sets dozens.
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
    fn settings(&mut self) -> Option<Settings> {
        let single = self.single_resource();
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
                .map(|(text, _)| mcp_lambda_contract::jwks_url(text)),
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
        let brand_host = single.as_ref().or(issuer.as_ref()).map(|(_, url)| url);
        let brand = self.brand(brand_host);
        let our_issuer = issuer.as_ref().map(|(text, _)| text.as_str());
        let resources = self.resources(single.as_ref(), brand.as_ref(), our_issuer);
        let clients = self.clients(resources.as_ref());
        let refused_clients = self.refused_clients(&clients);
        let registration = self.boolean("AUTHORIZATION_REGISTRATION", default::REGISTRATION);
        let client_documents =
            self.boolean("AUTHORIZATION_CLIENT_DOCUMENTS", default::CLIENT_DOCUMENTS);
        let registration_seconds = self.days(
            "AUTHORIZATION_REGISTRATION_DAYS",
            default::REGISTRATION_DAYS,
        );
        let code_seconds = self.number(
            "AUTHORIZATION_CODE_SECONDS",
            "seconds",
            5..=300,
            default::CODE_SECONDS,
        );
        let refresh_seconds = self.days(
            "AUTHORIZATION_REFRESH_TOKEN_DAYS",
            default::REFRESH_TOKEN_DAYS,
        );
        let redirects = self.redirects();
        let allowed_origins = self.origins();
        let listen = self.listen();
        let local_metadata_hosts = self.local_metadata_hosts(issuer.as_ref().map(|(_, url)| url));
        let (issuer, issuer_url) = issuer?;
        Some(Settings {
            issuer,
            issuer_url,
            resources: resources?,
            pool_issuer: pool?.0,
            jwks_url: jwks_url?,
            sign_in_url: sign_in?.0,
            cognito_client_id: cognito_client_id?,
            cognito_client_secret,
            sealing_secret: sealing_secret?,
            previous_sealing_secret,
            aws,
            clients,
            registration,
            client_documents,
            refused_clients,
            registration_seconds,
            code_seconds,
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

    fn refused_clients(&mut self, clients: &[PreRegisteredClient]) -> RefusedClients {
        const NAME: &str = "AUTHORIZATION_REFUSED_CLIENTS";
        let entries = self.list(NAME);
        for entry in &entries {
            let is_pre_registered = clients.iter().any(|client| client.client_id == *entry);
            if !is_refusable(entry, is_pre_registered) {
                self.problem(NAME, format!("'{entry}' matches no client: use the id of a client of AUTHORIZATION_CLIENTS, the https URL or the host of a metadata document, a client_id that begins with mcp-client-, or the 64 hexadecimal characters of client_digest in the log"));
            }
        }
        RefusedClients::new(entries)
    }

    fn clients(&mut self, resources: Option<&ProtectedResources>) -> Vec<PreRegisteredClient> {
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
                if resources.is_some_and(|known| known.scope(scope).is_none()) {
                    self.problem(
                        NAME,
                        format!("client '{id}' has scope '{scope}', which no MCP server has"),
                    );
                }
            }
        }
        clients
    }
}
