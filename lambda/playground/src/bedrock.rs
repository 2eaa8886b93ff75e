//! The client of Bedrock, out of the AWS variables.

use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::config::retry::RetryConfig;
use aws_sdk_bedrockruntime::config::timeout::TimeoutConfig;
use aws_sdk_bedrockruntime::config::{Builder, StalledStreamProtectionConfig};
use mcp_lambda_runtime::aws::AwsEnvironment;
use mcp_lambda_runtime::process::Process;
use mcp_lambda_runtime::start_error::StartError;

/// Makes the client. Retries and patience are the agent's, which shows them.
pub(crate) fn client(process: &Process) -> Result<Client, StartError> {
    let config = AwsEnvironment::new(process).sdk_config()?;
    let mut builder = Builder::from(&config)
        .retry_config(RetryConfig::disabled())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .timeout_config(TimeoutConfig::disabled());
    if let Some(url) = process.variable("AWS_ENDPOINT_URL_BEDROCK_RUNTIME") {
        builder = builder.endpoint_url(url);
    }
    Ok(Client::from_conf(builder.build()))
}
