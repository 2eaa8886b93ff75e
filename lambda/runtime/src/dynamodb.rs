//! Makes a DynamoDB client of the AWS variables.

use aws_sdk_dynamodb::Client;

use crate::aws::AwsEnvironment;
use crate::start_error::StartError;

impl AwsEnvironment {
    /// A DynamoDB client with TLS by ring. It does not use the network before the first call.
    ///
    /// # Errors
    ///
    /// [`StartError::Server`] names every variable that Lambda should have set.
    pub fn dynamodb(&self) -> Result<Client, StartError> {
        self.sdk_config().map(|config| Client::new(&config))
    }
}
