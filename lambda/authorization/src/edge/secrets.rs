//! Reads the secrets from the settings, or from Secrets Manager by one signed request each.

use std::{
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use http::{Method, Request, StatusCode, header};
use mcp_lambda_runtime::signing::Signer;
use serde::Deserialize;
use serde_json::json;

use crate::{
    capability::{
        BoxFuture, CognitoTransport, SecretStore, SecretsUnavailable, StoredSecrets, Timestamp,
    },
    sealed::secret::Secret,
    settings::{AwsAccess, SecretLocation, Secrets},
};

const NO_ACCESS: SecretsUnavailable =
    SecretsUnavailable("a secret is in secrets manager, without access to it");

/// The store that the settings select.
pub(super) fn store(
    secrets: Secrets,
    transport: Arc<dyn CognitoTransport>,
) -> Arc<dyn SecretStore> {
    match secrets.aws.clone() {
        Some(access) => Arc::new(SecretsManager {
            secrets,
            access,
            transport,
        }),
        None => Arc::new(secrets),
    }
}

impl SecretStore for Secrets {
    fn load(&self, _now: Timestamp) -> BoxFuture<'_, Result<StoredSecrets, SecretsUnavailable>> {
        let in_place = |location: &SecretLocation| match location {
            SecretLocation::InPlace(secret) => Ok(secret.clone()),
            SecretLocation::SecretsManager(_) => Err(NO_ACCESS),
        };
        let stored = in_place(&self.sealing).and_then(|sealing| {
            let cognito_client = self.cognito_client.as_ref().map(in_place).transpose()?;
            Ok(StoredSecrets {
                sealing,
                previous_sealing: self.previous_sealing.clone(),
                cognito_client,
            })
        });
        Box::pin(async move { stored })
    }

    fn machine_client<'a>(
        &'a self,
        _arn: &'a str,
        _now: Timestamp,
    ) -> BoxFuture<'a, Result<Secret, SecretsUnavailable>> {
        Box::pin(async { Err(NO_ACCESS) })
    }
}

/// Secrets of which at least one is in Secrets Manager.
struct SecretsManager {
    secrets: Secrets,
    access: AwsAccess,
    transport: Arc<dyn CognitoTransport>,
}

#[derive(Deserialize)]
struct SecretValue {
    #[serde(rename = "SecretString")]
    text: Secret,
}

impl SecretStore for SecretsManager {
    fn load(&self, now: Timestamp) -> BoxFuture<'_, Result<StoredSecrets, SecretsUnavailable>> {
        Box::pin(async move {
            let cognito_client = async {
                match &self.secrets.cognito_client {
                    Some(location) => self.value(location, "AWSCURRENT", now).await,
                    None => Ok(None),
                }
            };
            let (sealing, previous_sealing, cognito_client) = tokio::join!(
                self.value(&self.secrets.sealing, "AWSCURRENT", now),
                self.value(&self.secrets.sealing, "AWSPREVIOUS", now),
                cognito_client,
            );
            let sealing = sealing?.ok_or(SecretsUnavailable(
                "the sealing secret has no current version",
            ))?;
            if sealing.expose().len() < 32 {
                return Err(SecretsUnavailable(
                    "the sealing secret is shorter than 32 characters",
                ));
            }
            Ok(StoredSecrets {
                sealing,
                previous_sealing: previous_sealing?,
                cognito_client: cognito_client?,
            })
        })
    }

    fn machine_client<'a>(
        &'a self,
        arn: &'a str,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Secret, SecretsUnavailable>> {
        Box::pin(async move {
            let secret = self.stored(arn, "AWSCURRENT", now).await?;
            secret.ok_or(SecretsUnavailable(
                "the secret of a machine client has no current version",
            ))
        })
    }
}

impl SecretsManager {
    /// A secret's value at a stage; `None` if it has no such version.
    async fn value(
        &self,
        location: &SecretLocation,
        stage: &str,
        now: Timestamp,
    ) -> Result<Option<Secret>, SecretsUnavailable> {
        match location {
            SecretLocation::InPlace(secret) if stage == "AWSCURRENT" => Ok(Some(secret.clone())),
            SecretLocation::InPlace(_) => Ok(self.secrets.previous_sealing.clone()),
            SecretLocation::SecretsManager(arn) => self.stored(arn, stage, now).await,
        }
    }

    /// The same of a secret that is in Secrets Manager.
    async fn stored(
        &self,
        arn: &str,
        stage: &str,
        now: Timestamp,
    ) -> Result<Option<Secret>, SecretsUnavailable> {
        let request = self.signed(
            &json!({ "SecretId": arn, "VersionStage": stage }).to_string(),
            now,
        )?;
        let answer = self
            .transport
            .send(request)
            .await
            .map_err(|_| SecretsUnavailable("secrets manager could not be reached"))?;
        if answer.status() == StatusCode::OK {
            let value: SecretValue = serde_json::from_slice(answer.body())
                .map_err(|_| SecretsUnavailable("a secret is not text"))?;
            return Ok(Some(value.text));
        }
        let not_found = answer
            .body()
            .windows(25)
            .any(|window| window == b"ResourceNotFoundException");
        if not_found {
            Ok(None)
        } else {
            Err(SecretsUnavailable("secrets manager refused the request"))
        }
    }

    fn signed(&self, body: &str, now: Timestamp) -> Result<Request<Vec<u8>>, SecretsUnavailable> {
        let access = &self.access;
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(access.endpoint())
            .header(header::CONTENT_TYPE, "application/x-amz-json-1.1")
            .header("x-amz-target", "secretsmanager.GetSecretValue")
            .body(body.as_bytes().to_vec())
            .map_err(|_| SecretsUnavailable("the endpoint of secrets manager is not a URL"))?;
        let signer = Signer::new(
            "secretsmanager",
            &access.region,
            access.access_key_id.expose(),
            access.secret_access_key.expose(),
            access.session_token.as_ref().map(Secret::expose),
        );
        signer
            .sign(&mut request, UNIX_EPOCH + Duration::from_secs(now.0))
            .map_err(|_| {
                SecretsUnavailable("the request to secrets manager could not be signed")
            })?;
        Ok(request)
    }
}
