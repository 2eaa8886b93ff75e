//! Reads the secrets from the settings, or from Secrets Manager by one signed request each.

use std::{
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use http::{Method, Request, StatusCode, header};
use serde::Deserialize;
use serde_json::json;

use crate::{
    capability::{
        BoxFuture, CognitoTransport, SecretStore, SecretsUnavailable, StoredSecrets, Timestamp,
    },
    sealed::secret::Secret,
    settings::{AwsAccess, SecretLocation, Secrets},
};

const CONTENT_TYPE: &str = "application/x-amz-json-1.1";
const TARGET: &str = "secretsmanager.GetSecretValue";

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
            SecretLocation::SecretsManager(_) => Err(SecretsUnavailable(
                "a secret is in secrets manager, without access to it",
            )),
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
}

impl SecretsManager {
    /// A secret's value at a stage; `None` if it has no such version.
    async fn value(
        &self,
        location: &SecretLocation,
        stage: &str,
        now: Timestamp,
    ) -> Result<Option<Secret>, SecretsUnavailable> {
        let arn = match location {
            SecretLocation::InPlace(secret) if stage == "AWSCURRENT" => {
                return Ok(Some(secret.clone()));
            }
            SecretLocation::InPlace(_) => return Ok(self.secrets.previous_sealing.clone()),
            SecretLocation::SecretsManager(arn) => arn,
        };
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
        let endpoint = access.endpoint();
        let session_token = access
            .session_token
            .as_ref()
            .map(|token| token.expose().to_owned());
        let credentials = Credentials::new(
            access.access_key_id.expose(),
            access.secret_access_key.expose(),
            session_token,
            None,
            "settings",
        );
        let identity = credentials.into();
        let unsigned = |_| SecretsUnavailable("the request to secrets manager could not be signed");
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&access.region)
            .name("secretsmanager")
            .time(UNIX_EPOCH + Duration::from_secs(now.0))
            .settings(SigningSettings::default())
            .build()
            .map_err(|_| SecretsUnavailable("the request to secrets manager could not be signed"))?
            .into();
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(&endpoint)
            .header(header::CONTENT_TYPE, CONTENT_TYPE)
            .header("x-amz-target", TARGET)
            .body(body.as_bytes().to_vec())
            .map_err(|_| SecretsUnavailable("the endpoint of secrets manager is not a URL"))?;
        let signable = SignableRequest::new(
            "POST",
            &endpoint,
            [("content-type", CONTENT_TYPE), ("x-amz-target", TARGET)].into_iter(),
            SignableBody::Bytes(body.as_bytes()),
        )
        .map_err(unsigned)?;
        let (instructions, _) = sign(signable, &parameters).map_err(unsigned)?.into_parts();
        instructions.apply_to_request_http1x(&mut request);
        Ok(request)
    }
}
