//! Makes the configuration of AWS SDK clients of the AWS variables.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;

use crate::aws::AwsEnvironment;
use crate::aws_http::http_client;
use crate::start_error::StartError;
use crate::task_credentials::TaskCredentials;

/// Time for one operation, including retries. A caller with less time cancels it earlier.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(3);
/// Time for one attempt, so that one lost packet leaves room for another attempt.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(1);

impl AwsEnvironment {
    /// The configuration of every AWS SDK client of this process: region, credentials (those of the variables, else those of
    /// the Amazon ECS task, which are fetched again before they expire), TLS by ring, three seconds for an operation. `aws_sdk_s3::Client::new(&aws.sdk_config()?)`. It does not use the network.
    ///
    /// Add the SDK crate without its default features, which would bring a second HTTP client:
    /// `aws-sdk-s3 = { version = "1", default-features = false, features = ["rt-tokio"] }`.
    ///
    /// # Errors
    ///
    /// [`StartError::Server`] names every variable that Lambda or Amazon ECS should have set.
    pub fn sdk_config(&self) -> Result<SdkConfig, StartError> {
        let (region, credentials) = self.region_and_credentials()?;
        let mut config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region.to_owned()))
            .credentials_provider(credentials)
            .http_client(http_client())
            .timeout_config(
                TimeoutConfig::builder()
                    .operation_timeout(OPERATION_TIMEOUT)
                    .operation_attempt_timeout(ATTEMPT_TIMEOUT)
                    .build(),
            );
        if let Some(url) = self.endpoint_url() {
            config = config.endpoint_url(url);
        }
        Ok(config.build())
    }

    /// The Region and the credentials of every request to AWS, or an error that names what is missing.
    pub(crate) fn region_and_credentials(
        &self,
    ) -> Result<(&str, SharedCredentialsProvider), StartError> {
        let (Some(region), Some(credentials)) = (self.region(), self.credentials()?) else {
            let missing: Vec<&str> = [
                ("AWS_REGION", self.region()),
                ("AWS_ACCESS_KEY_ID", self.access_key_id()),
                ("AWS_SECRET_ACCESS_KEY", self.secret_access_key()),
            ]
            .into_iter()
            .filter_map(|(name, value)| value.is_none().then_some(name))
            .collect();
            return Err(StartError::Server(format!(
                "environment variables cannot be used: {} not set; Lambda and Amazon ECS set them, elsewhere export AWS \
                 credentials",
                missing.join(", ")
            )));
        };
        Ok((region, credentials))
    }

    /// `None` where neither the variables nor a task have credentials.
    fn credentials(&self) -> Result<Option<SharedCredentialsProvider>, StartError> {
        if let (Some(key_id), Some(secret)) = (self.access_key_id(), self.secret_access_key()) {
            let session = self.session_token().map(str::to_owned);
            let credentials = Credentials::new(key_id, secret, session, None, "environment");
            return Ok(Some(SharedCredentialsProvider::new(credentials)));
        }
        let Some(path) = self.task_credentials_path() else {
            return Ok(None);
        };
        let task = TaskCredentials::of_path(path).map_err(StartError::Server)?;
        Ok(Some(SharedCredentialsProvider::new(task)))
    }
}
