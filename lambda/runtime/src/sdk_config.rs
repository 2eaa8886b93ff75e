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

/// Time for one operation, including retries. A caller with less time cancels it earlier.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(3);
/// Time for one attempt, so that one lost packet leaves room for another attempt.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(1);

impl AwsEnvironment {
    /// The configuration of every AWS SDK client of this process: region, credentials, TLS by ring, three seconds for an
    /// operation. `aws_sdk_s3::Client::new(&aws.sdk_config()?)`. It does not use the network.
    ///
    /// Add the SDK crate without its default features, which would bring a second HTTP client:
    /// `aws-sdk-s3 = { version = "1", default-features = false, features = ["rt-tokio"] }`.
    ///
    /// # Errors
    ///
    /// [`StartError::Server`] names every variable that Lambda should have set.
    pub fn sdk_config(&self) -> Result<SdkConfig, StartError> {
        let (Some(region), Some(key_id), Some(secret)) = (
            self.region(),
            self.access_key_id(),
            self.secret_access_key(),
        ) else {
            let missing: Vec<&str> = [
                ("AWS_REGION", self.region()),
                ("AWS_ACCESS_KEY_ID", self.access_key_id()),
                ("AWS_SECRET_ACCESS_KEY", self.secret_access_key()),
            ]
            .into_iter()
            .filter_map(|(name, value)| value.is_none().then_some(name))
            .collect();
            return Err(StartError::Server(format!(
                "environment variables cannot be used: {} not set; Lambda sets them, elsewhere export AWS credentials",
                missing.join(", ")
            )));
        };
        let session = self.session_token().map(str::to_owned);
        let credentials = Credentials::new(key_id, secret, session, None, "environment");
        let mut config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region.to_owned()))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
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
}
