use std::fmt;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use mcp_lambda::{AwsEnvironment, Caller, CallerKind, StartError};

/// Time for one call of a tool, retries included, when the deadline leaves more.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Time for one connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

mcp_lambda::settings! {
    /// Where the counters are.
    pub struct CounterSettings owned by Server {
        /// Name of the DynamoDB table that holds the counters.
        pub table: String = "COUNTER_TABLE",
    }
}

/// The counters of all callers, one item each.
#[derive(Clone, Debug)]
pub struct CounterTable {
    client: aws_sdk_dynamodb::Client,
    name: String,
}

/// Why a counter cannot be read or changed. Its `Display` is the sentence for the caller: it names the reason in
/// AWS's word for it, never the table or the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TableError {
    /// The function's role does not allow the action.
    AccessDenied {
        /// The IAM action that was refused.
        action: &'static str,
    },
    /// DynamoDB has too much to do.
    Throttled,
    /// There is no such table.
    TableMissing,
    /// No answer in time; a change may have happened nevertheless.
    TooSlow,
    /// No connection; a change may have happened nevertheless when it broke late.
    Unreachable,
    /// Any other refusal, by its code.
    Refused(String),
    /// The item is not a counter.
    Nonsense,
}

impl fmt::Display for TableError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TableError::AccessDenied { action } => {
                write!(
                    formatter,
                    "the server is not allowed to use its table (AccessDenied: {action})"
                )
            }
            TableError::Throttled => {
                formatter.write_str("the counter is busy, try again in a moment (throttled)")
            }
            TableError::TableMissing => {
                formatter.write_str("the server's table does not exist (ResourceNotFound)")
            }
            TableError::TooSlow => formatter.write_str("the table did not answer in time"),
            TableError::Unreachable => formatter.write_str("the table cannot be reached"),
            TableError::Refused(code) => {
                write!(formatter, "the table refused the request ({code})")
            }
            TableError::Nonsense => {
                formatter.write_str("the table holds something that is not a counter")
            }
        }
    }
}

impl std::error::Error for TableError {}

impl CounterTable {
    /// A client of the table, with what Lambda tells the function about its account. Nothing touches the network
    /// before the first call.
    ///
    /// # Errors
    ///
    /// [`StartError::Server`] names every variable that Lambda should have set and did not.
    pub fn new(settings: CounterSettings, aws: &AwsEnvironment) -> Result<Self, StartError> {
        let (Some(region), Some(key_id), Some(secret)) =
            (aws.region(), aws.access_key_id(), aws.secret_access_key())
        else {
            let missing: Vec<&str> = [
                ("AWS_REGION", aws.region()),
                ("AWS_ACCESS_KEY_ID", aws.access_key_id()),
                ("AWS_SECRET_ACCESS_KEY", aws.secret_access_key()),
            ]
            .into_iter()
            .filter_map(|(name, value)| value.is_none().then_some(name))
            .collect();
            return Err(StartError::Server(format!(
                "environment variables cannot be used: {} not set; Lambda sets them, elsewhere export AWS credentials",
                missing.join(", ")
            )));
        };
        let session = aws.session_token().map(str::to_owned);
        let http_client = aws_smithy_http_client::Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .build_https();
        let mut config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region.to_owned()))
            .credentials_provider(Credentials::new(
                key_id,
                secret,
                session,
                None,
                "environment",
            ))
            .http_client(http_client)
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(CONNECT_TIMEOUT)
                    .build(),
            );
        if let Some(url) = aws.endpoint_url() {
            config = config.endpoint_url(url);
        }
        Ok(Self {
            client: aws_sdk_dynamodb::Client::from_conf(config.build()),
            name: settings.table,
        })
    }

    /// The caller's counter; 0 before the first increment.
    ///
    /// # Errors
    ///
    /// [`TableError`]; transient failures have been retried by then.
    pub async fn read(
        &self,
        caller: &Caller,
        time_left: Option<Duration>,
    ) -> Result<i64, TableError> {
        let request = self
            .client
            .get_item()
            .table_name(&self.name)
            .key("pk", key(caller))
            .projection_expression("#count")
            .expression_attribute_names("#count", "count")
            .consistent_read(true);
        let output = within(time_left, request.send(), "dynamodb:GetItem").await?;
        match output.item().and_then(|item| item.get("count")) {
            None => Ok(0),
            Some(count) => number(count),
        }
    }

    /// Adds to the caller's counter in one atomic step and returns the sum.
    ///
    /// Not retried: an increment whose answer was lost would count twice.
    ///
    /// # Errors
    ///
    /// [`TableError`].
    pub async fn add(
        &self,
        caller: &Caller,
        by: i64,
        time_left: Option<Duration>,
    ) -> Result<i64, TableError> {
        let request = self
            .client
            .update_item()
            .table_name(&self.name)
            .key("pk", key(caller))
            .update_expression("ADD #count :by")
            .expression_attribute_names("#count", "count")
            .expression_attribute_values(":by", AttributeValue::N(by.to_string()))
            .return_values(ReturnValue::UpdatedNew)
            .customize()
            .config_override(
                aws_sdk_dynamodb::Config::builder().retry_config(RetryConfig::disabled()),
            );
        let output = within(time_left, request.send(), "dynamodb:UpdateItem").await?;
        output
            .attributes()
            .and_then(|item| item.get("count"))
            .map_or(Err(TableError::Nonsense), number)
    }
}

/// One item per caller: a person and a machine of the same name are different callers.
fn key(caller: &Caller) -> AttributeValue {
    let kind = match caller.kind() {
        CallerKind::Person => "person",
        CallerKind::Machine => "machine",
    };
    AttributeValue::S(format!("{kind}#{}", caller.subject()))
}

fn number(value: &AttributeValue) -> Result<i64, TableError> {
    value
        .as_n()
        .ok()
        .and_then(|number| number.parse().ok())
        .ok_or(TableError::Nonsense)
}

async fn within<T, E: ProvideErrorMetadata>(
    time_left: Option<Duration>,
    answer: impl Future<Output = Result<T, SdkError<E>>>,
    action: &'static str,
) -> Result<T, TableError> {
    let timeout = time_left.map_or(TIMEOUT, |left| left.min(TIMEOUT));
    match tokio::time::timeout(timeout, answer).await {
        Err(_) => Err(TableError::TooSlow),
        Ok(Ok(output)) => Ok(output),
        Ok(Err(error)) => Err(reason(&error, action)),
    }
}

fn reason<E: ProvideErrorMetadata>(error: &SdkError<E>, action: &'static str) -> TableError {
    if let Some(refusal) = error.as_service_error() {
        return match refusal.code() {
            Some("AccessDeniedException" | "AccessDenied") => TableError::AccessDenied { action },
            Some(
                "ThrottlingException"
                | "ProvisionedThroughputExceededException"
                | "RequestLimitExceeded",
            ) => TableError::Throttled,
            Some("ResourceNotFoundException") => TableError::TableMissing,
            Some(code) => TableError::Refused(code.to_owned()),
            None => TableError::Refused("no error code".to_owned()),
        };
    }
    if matches!(error, SdkError::TimeoutError(_)) {
        TableError::TooSlow
    } else {
        TableError::Unreachable
    }
}
