//! Reads the AWS variables that Lambda and Amazon ECS set: region, credentials, function name and endpoints.

use std::fmt;

use crate::process::Process;

/// The AWS variables that Lambda sets for a function, for building an SDK client.
///
/// Lambda sets the variables for every execution environment and replaces the environment before the credentials
/// expire, so they are read once. A task of Amazon ECS gets credentials from an endpoint instead, again and again.
#[derive(Clone)]
pub struct AwsEnvironment {
    process: Process,
}

impl AwsEnvironment {
    /// The variables of this process.
    #[must_use]
    pub fn new(process: &Process) -> Self {
        Self {
            process: process.clone(),
        }
    }

    fn variable(&self, name: &str) -> Option<&str> {
        self.process.variable(name)
    }

    /// `AWS_REGION`, or `AWS_DEFAULT_REGION` outside Lambda.
    #[must_use]
    pub fn region(&self) -> Option<&str> {
        self.variable("AWS_REGION")
            .or_else(|| self.variable("AWS_DEFAULT_REGION"))
    }

    /// `AWS_ACCESS_KEY_ID`.
    #[must_use]
    pub fn access_key_id(&self) -> Option<&str> {
        self.variable("AWS_ACCESS_KEY_ID")
    }

    /// `AWS_SECRET_ACCESS_KEY`.
    #[must_use]
    pub fn secret_access_key(&self) -> Option<&str> {
        self.variable("AWS_SECRET_ACCESS_KEY")
    }

    /// `AWS_SESSION_TOKEN`, absent for long-lived keys.
    #[must_use]
    pub fn session_token(&self) -> Option<&str> {
        self.variable("AWS_SESSION_TOKEN")
    }

    /// `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI`: the path of the credentials of an Amazon ECS task.
    #[must_use]
    pub fn task_credentials_path(&self) -> Option<&str> {
        self.variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
    }

    /// `AWS_LAMBDA_FUNCTION_NAME`.
    #[must_use]
    pub fn function_name(&self) -> Option<&str> {
        self.variable("AWS_LAMBDA_FUNCTION_NAME")
    }

    /// `AWS_LAMBDA_FUNCTION_VERSION`: a number, or `$LATEST`.
    #[must_use]
    pub fn function_version(&self) -> Option<&str> {
        self.variable("AWS_LAMBDA_FUNCTION_VERSION")
    }

    /// Base URL of a service in the Region, without a trailing slash: `AWS_ENDPOINT_URL_…` of the service, else
    /// `AWS_ENDPOINT_URL`, else that of AWS.
    #[must_use]
    pub fn service_url(&self, service: Service, region: &str) -> String {
        let url = self
            .variable(service.endpoint_variable)
            .or_else(|| self.endpoint_url());
        url.map_or_else(
            || format!("https://{}.{region}.{}", service.name, domain(region)),
            |url| url.trim_end_matches('/').to_owned(),
        )
    }

    /// `AWS_ENDPOINT_URL`: all services at another address, such as an emulator.
    #[must_use]
    pub fn endpoint_url(&self) -> Option<&str> {
        self.variable("AWS_ENDPOINT_URL")
    }
}

/// A service that the library calls without its SDK.
#[derive(Clone, Copy, Debug)]
pub struct Service {
    /// Its name in signatures and host names.
    pub name: &'static str,
    endpoint_variable: &'static str,
}

impl Service {
    /// AWS Lambda.
    pub const LAMBDA: Self = Self {
        name: "lambda",
        endpoint_variable: "AWS_ENDPOINT_URL_LAMBDA",
    };
    /// Amazon CloudWatch Logs.
    pub const LOGS: Self = Self {
        name: "logs",
        endpoint_variable: "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS",
    };
}

/// The DNS suffix of a region's services.
fn domain(region: &str) -> &'static str {
    if region.starts_with("cn-") {
        "amazonaws.com.cn"
    } else {
        "amazonaws.com"
    }
}

impl fmt::Debug for AwsEnvironment {
    /// Omits the credentials.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("AwsEnvironment")
            .field("region", &self.region())
            .finish_non_exhaustive()
    }
}
