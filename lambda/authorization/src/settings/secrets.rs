//! Where the secrets are: in the environment, or in Secrets Manager.

use mcp_lambda_contract::{Reader, Settings as _};

use super::values::{BaseUrl, SealingSecret};
use crate::sealed::secret::Secret;

const CLIENT_SECRET: &str = "AUTHORIZATION_COGNITO_CLIENT_SECRET";
const SEALING: &str = "AUTHORIZATION_SEALING_SECRET";
const SEALING_ARN: &str = "AUTHORIZATION_SEALING_SECRET_ARN";
const PREVIOUS: &str = "AUTHORIZATION_SEALING_SECRET_PREVIOUS";

mcp_lambda_contract::settings! {
    /// The secrets, each in place or by its ARN.
    pub(super) struct SecretSettings owned by McpLambda {
        /// The secret of our app client. Absent, with its ARN: a public app client.
        cognito_client: Option<Secret> = "AUTHORIZATION_COGNITO_CLIENT_SECRET",
        /// The same in Secrets Manager.
        cognito_client_arn: Option<String> = "AUTHORIZATION_COGNITO_CLIENT_SECRET_ARN",
        /// What sealing keys are derived from.
        sealing: Option<SealingSecret> = "AUTHORIZATION_SEALING_SECRET",
        /// The same in Secrets Manager: AWSCURRENT and AWSPREVIOUS.
        sealing_arn: Option<String> = "AUTHORIZATION_SEALING_SECRET_ARN",
        /// The one before the last rotation, in place.
        previous_sealing: Option<SealingSecret> = "AUTHORIZATION_SEALING_SECRET_PREVIOUS",
    }
}

mcp_lambda_contract::settings! {
    /// What the request to Secrets Manager needs, as Lambda sets it.
    pub(crate) struct AwsAccess owned by McpLambda {
        /// Region of the secrets.
        pub(crate) region: String = "AWS_REGION",
        /// Access key id.
        pub(crate) access_key_id: Secret = "AWS_ACCESS_KEY_ID",
        /// Secret access key.
        pub(crate) secret_access_key: Secret = "AWS_SECRET_ACCESS_KEY",
        /// Session token of a role.
        pub(crate) session_token: Option<Secret> = "AWS_SESSION_TOKEN",
        /// The emulator's endpoint.
        endpoint: Option<BaseUrl> = "AWS_ENDPOINT_URL",
    }
}

impl AwsAccess {
    /// The regional endpoint of Secrets Manager, or the emulator's.
    pub(crate) fn endpoint(&self) -> String {
        match &self.endpoint {
            Some(endpoint) => endpoint.url.to_string(),
            None => format!("https://secretsmanager.{}.amazonaws.com/", self.region),
        }
    }
}

/// The location of a secret.
#[derive(Debug, Clone)]
pub(crate) enum SecretLocation {
    /// The value itself.
    InPlace(Secret),
    /// ARN of a secret in Secrets Manager.
    SecretsManager(String),
}

/// Where each secret is.
#[derive(Debug, Clone)]
pub(crate) struct Secrets {
    pub(crate) cognito_client: Option<SecretLocation>,
    pub(crate) sealing: SecretLocation,
    pub(crate) previous_sealing: Option<Secret>,
    pub(crate) aws: Option<AwsAccess>,
}

impl SecretSettings {
    /// `has_more` says that further secrets are in Secrets Manager.
    pub(super) fn locate(self, has_more: bool, reader: &mut Reader<'_>) -> Option<Secrets> {
        for (name, is_both) in [
            (
                CLIENT_SECRET,
                self.cognito_client.is_some() && self.cognito_client_arn.is_some(),
            ),
            (
                SEALING,
                self.sealing.is_some() && self.sealing_arn.is_some(),
            ),
        ] {
            if is_both {
                reader.problem(name, format!("is set together with {name}_ARN; remove one"));
            }
        }
        if self.previous_sealing.is_some() && self.sealing_arn.is_some() {
            reader.problem(
                PREVIOUS,
                format!("is set together with {SEALING_ARN}, whose stage AWSPREVIOUS is read; remove one"),
            );
        }
        let in_place = |secret: Option<Secret>| secret.map(SecretLocation::InPlace);
        let by_arn = |arn: Option<String>| arn.map(SecretLocation::SecretsManager);
        let is_remote = has_more || self.cognito_client_arn.is_some() || self.sealing_arn.is_some();
        let sealing = self.sealing.map(|SealingSecret(secret)| secret);
        let sealing = in_place(sealing).or(by_arn(self.sealing_arn));
        if sealing.is_none() {
            reader.problem(SEALING, format!("is not set, and {SEALING_ARN} is not set"));
        }
        Some(Secrets {
            cognito_client: in_place(self.cognito_client).or(by_arn(self.cognito_client_arn)),
            aws: if is_remote {
                Some(AwsAccess::read(reader)?)
            } else {
                None
            },
            sealing: sealing?,
            previous_sealing: self.previous_sealing.map(|SealingSecret(secret)| secret),
        })
    }
}
