//! The sealing secret, from the settings or from Secrets Manager, read when it is first needed.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::Full;
use mcp_lambda_runtime::aws::AwsEnvironment;
use mcp_lambda_runtime::https::HttpsClient;
use mcp_lambda_runtime::process::Process;
use mcp_lambda_runtime::signing::Signer;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Mutex;

use super::keyring::Keyring;
use crate::settings::SecretLocation;

/// A rotation of the secret is known after this time.
const AGE: Duration = Duration::from_secs(10 * 60);
const DEADLINE: Duration = Duration::from_secs(5);
const MAX_BODY: usize = 64 * 1024;

/// The secret cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the sealing secret cannot be read: {0}")]
pub(crate) struct SecretUnavailable(&'static str);

/// Where the keys come from.
pub(crate) struct Secrets {
    location: SecretLocation,
    process: Process,
    known: Mutex<Option<(SystemTime, Arc<Keyring>)>>,
}

#[derive(Deserialize)]
struct SecretValue {
    #[serde(rename = "SecretString")]
    value: String,
}

impl Secrets {
    /// Reads nothing yet.
    pub(crate) fn new(location: SecretLocation, process: &Process) -> Self {
        Self {
            location,
            process: process.clone(),
            known: Mutex::default(),
        }
    }

    /// The keys of now.
    pub(crate) async fn keys(&self) -> Result<Arc<Keyring>, SecretUnavailable> {
        let now = (self.process.now)();
        let mut known = self.known.lock().await;
        if let Some((read, keys)) = &*known
            && now.duration_since(*read).is_ok_and(|age| age < AGE)
        {
            return Ok(Arc::clone(keys));
        }
        let keys = Arc::new(match &self.location {
            SecretLocation::InPlace(secret) => Keyring::derive([secret.as_str()]),
            SecretLocation::SecretsManager(arn) => self.read(arn, now).await?,
        });
        *known = Some((now, Arc::clone(&keys)));
        Ok(keys)
    }

    async fn read(&self, arn: &str, now: SystemTime) -> Result<Keyring, SecretUnavailable> {
        let https = HttpsClient::new();
        let (current, previous) = tokio::join!(
            self.stage(&https, arn, "AWSCURRENT", now),
            self.stage(&https, arn, "AWSPREVIOUS", now),
        );
        let current = current?.ok_or(SecretUnavailable("it has no current version"))?;
        if current.len() < 32 {
            return Err(SecretUnavailable("it is shorter than 32 characters"));
        }
        let previous = previous?;
        Ok(Keyring::derive(
            [Some(current.as_str()), previous.as_deref()]
                .into_iter()
                .flatten(),
        ))
    }

    /// The value at a stage; `None` if there is no such version.
    async fn stage(
        &self,
        https: &HttpsClient,
        arn: &str,
        stage: &str,
        now: SystemTime,
    ) -> Result<Option<String>, SecretUnavailable> {
        let body = json!({ "SecretId": arn, "VersionStage": stage }).to_string();
        let request = self.signed(body, now)?;
        let response = https.exchange(
            request.map(|body| Full::new(Bytes::from(body))),
            MAX_BODY,
            DEADLINE,
        );
        let response = response
            .await
            .map_err(|_| SecretUnavailable("Secrets Manager cannot be reached"))?;
        if response.status() == StatusCode::OK {
            let read: SecretValue = serde_json::from_slice(response.body())
                .map_err(|_| SecretUnavailable("it is no string"))?;
            return Ok(Some(read.value));
        }
        let is_missing = response
            .body()
            .windows(25)
            .any(|window| window == b"ResourceNotFoundException");
        if is_missing {
            return Ok(None);
        }
        Err(SecretUnavailable("Secrets Manager refused the request"))
    }

    fn signed(&self, body: String, now: SystemTime) -> Result<Request<String>, SecretUnavailable> {
        let aws = AwsEnvironment::new(&self.process);
        let (Some(region), Some(key_id), Some(key)) =
            (aws.region(), aws.access_key_id(), aws.secret_access_key())
        else {
            return Err(SecretUnavailable("there are no AWS credentials"));
        };
        let endpoint = self
            .process
            .variable("AWS_ENDPOINT_URL_SECRETS_MANAGER")
            .or_else(|| aws.endpoint_url())
            .map_or_else(
                || format!("https://secretsmanager.{region}.amazonaws.com/"),
                |url| format!("{}/", url.trim_end_matches('/')),
            );
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(endpoint)
            .header(header::CONTENT_TYPE, "application/x-amz-json-1.1")
            .header("x-amz-target", "secretsmanager.GetSecretValue")
            .body(body)
            .map_err(|_| SecretUnavailable("the endpoint of Secrets Manager is no URL"))?;
        Signer::new("secretsmanager", region, key_id, key, aws.session_token())
            .sign(&mut request, now)
            .map_err(|_| SecretUnavailable("the request cannot be signed"))?;
        Ok(request)
    }
}
