//! Checks what a deployment needs in AWS before anything is built: credentials, a Region, the CDK's bootstrap stack.

use aws_config::SdkConfig;
use aws_sdk_cloudformation::error::{ProvideErrorMetadata, SdkError};

use crate::causes::causes;

/// Where a deployment goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// The account's id.
    pub account: String,
    /// The Region.
    pub region: String,
}

/// What a deployment lacks. Each message says what to type.
#[derive(Debug, thiserror::Error)]
pub enum Lacking {
    /// No Region.
    #[error(
        "no AWS Region is set: set AWS_REGION (such as `export AWS_REGION=eu-west-1`), or `aws configure set region eu-west-1`"
    )]
    Region,
    /// No credentials, or bad ones.
    #[error(
        "AWS does not accept the credentials ({cause}): sign in with `aws sso login`, or set them with `aws configure`; `aws sts get-caller-identity` shows whether they work"
    )]
    Credentials {
        /// What AWS or the SDK said.
        cause: String,
    },
    /// AWS was not reached.
    #[error(
        "AWS cannot be reached in {region}: {cause}; check the name of the Region and the network"
    )]
    Network {
        /// The Region.
        region: String,
        /// The causes.
        cause: String,
    },
    /// The CDK's bootstrap stack is missing.
    #[error(
        "account {account} has no stack {stack} in {region}, which the CDK uploads to: run `npx cdk bootstrap aws://{account}/{region}` once"
    )]
    Bootstrap {
        /// The account's id.
        account: String,
        /// The Region.
        region: String,
        /// The name of the bootstrap stack.
        stack: String,
    },
}

/// Finds out where the deployment goes and that the CDK can deploy there.
///
/// # Errors
///
/// The first thing that is [`Lacking`].
pub async fn check(config: &SdkConfig, bootstrap_stack: &str) -> Result<Destination, Lacking> {
    let region = config.region().ok_or(Lacking::Region)?.to_string();
    let identity = aws_sdk_sts::Client::new(config)
        .get_caller_identity()
        .send()
        .await
        .map_err(|error| refused(&region, &error))?;
    let account = identity.account.unwrap_or_default();
    let found = aws_sdk_cloudformation::Client::new(config)
        .describe_stacks()
        .stack_name(bootstrap_stack)
        .send()
        .await;
    match found {
        Err(error) if error.code() == Some("ValidationError") => Err(Lacking::Bootstrap {
            account,
            region,
            stack: bootstrap_stack.to_owned(),
        }),
        // Credentials that may not look at stacks may still deploy, through the roles of the bootstrap stack.
        Err(error) if error.code().is_none() => Err(refused(&region, &error)),
        _ => Ok(Destination { account, region }),
    }
}

fn refused<E, R>(region: &str, error: &SdkError<E, R>) -> Lacking
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug + 'static,
{
    let cause = error.code().map_or_else(|| causes(error), str::to_owned);
    // The connector's errors are those of the network; the rest before a response is about credentials.
    let is_network = matches!(error, SdkError::TimeoutError(_))
        || matches!(error, SdkError::DispatchFailure(failure) if !failure.is_user() && !failure.is_other());
    if is_network {
        Lacking::Network {
            region: region.to_owned(),
            cause,
        }
    } else {
        Lacking::Credentials { cause }
    }
}
