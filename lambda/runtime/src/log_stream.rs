//! Appends events to a log stream of CloudWatch Logs (`CreateLogStream` and `PutLogEvents`), without its SDK.

use std::borrow::Cow;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::Full;
use serde_json::{Value, json};

use crate::aws::{AwsEnvironment, Service};
use crate::client_span::Call;
use crate::https::{FetchError, HttpsClient};
use crate::signing::Signer;
use crate::start_error::StartError;

/// The most bytes of one `PutLogEvents`, with [`EVENT_OVERHEAD`] for each event.
pub const MOST_BYTES: usize = 1_048_576;
/// What CloudWatch Logs counts for each event besides its message.
pub const EVENT_OVERHEAD: usize = 26;
/// The most events of one `PutLogEvents`.
pub const MOST_EVENTS: usize = 10_000;

/// Time for one request.
const ATTEMPT: Duration = Duration::from_secs(2);
/// The most bytes of a response.
const LIMIT: usize = 64 * 1024;
/// Credentials are fetched again this long before they expire.
const RENEWED_BEFORE: Duration = Duration::from_secs(60);

/// One log stream of a log group, which is created with the first event, or before.
pub struct LogStream {
    client: HttpsClient,
    url: String,
    region: String,
    credentials: SharedCredentialsProvider,
    /// Those that were provided last.
    kept: Mutex<Option<Credentials>>,
    group: String,
    stream: String,
    exists: AtomicBool,
    now: fn() -> SystemTime,
}

/// Why events are not, or may not be, in the log stream. Its `Display` names the reason in AWS's word for it, never the log
/// group or the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogStreamError {
    /// The role does not allow the action.
    AccessDenied {
        /// The IAM action.
        action: &'static str,
    },
    /// Too many requests.
    Throttled,
    /// There is no such log group.
    GroupMissing,
    /// The log stream has vanished; the next attempt creates it.
    StreamMissing,
    /// No connection, or it broke.
    Unreachable,
    /// No response in time.
    TooSlow,
    /// The service failed on its side.
    Failed,
    /// CloudWatch Logs accepted the request and refused events of it.
    EventsRejected,
    /// Any other refusal, by its code.
    Refused(String),
    /// The request cannot be signed, or there are no credentials.
    Unsigned,
}

impl LogStreamError {
    /// Whether the same request may succeed a moment later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Throttled
            | Self::StreamMissing
            | Self::Unreachable
            | Self::TooSlow
            | Self::Failed => true,
            Self::AccessDenied { .. }
            | Self::GroupMissing
            | Self::EventsRejected
            | Self::Refused(_)
            | Self::Unsigned => false,
        }
    }

    /// A bounded name for `error.type`.
    fn problem(&self) -> Cow<'static, str> {
        match self {
            Self::AccessDenied { .. } => "AccessDeniedException".into(),
            Self::Throttled => "ThrottlingException".into(),
            Self::GroupMissing | Self::StreamMissing => "ResourceNotFoundException".into(),
            Self::Unreachable => "unreachable".into(),
            Self::TooSlow => "timeout".into(),
            Self::Failed => "ServiceUnavailableException".into(),
            Self::EventsRejected => "events_rejected".into(),
            Self::Refused(code) => code.clone().into(),
            Self::Unsigned => "unsigned".into(),
        }
    }
}

impl fmt::Display for LogStreamError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AccessDenied { action } => write!(formatter, "AccessDenied: {action}"),
            Self::Throttled => formatter.write_str("throttled"),
            Self::GroupMissing => formatter.write_str("ResourceNotFound: there is no log group"),
            Self::StreamMissing => formatter.write_str("ResourceNotFound: there is no log stream"),
            Self::Unreachable => formatter.write_str("CloudWatch Logs cannot be reached"),
            Self::TooSlow => formatter.write_str("CloudWatch Logs did not respond in time"),
            Self::Failed => formatter.write_str("CloudWatch Logs failed"),
            Self::EventsRejected => formatter.write_str("CloudWatch Logs rejected events"),
            Self::Refused(code) => write!(formatter, "CloudWatch Logs refused: {code}"),
            Self::Unsigned => formatter.write_str("there are no AWS credentials to sign with"),
        }
    }
}

impl std::error::Error for LogStreamError {}

impl LogStream {
    /// The log stream of this name. Does not use the network.
    ///
    /// # Errors
    ///
    /// [`StartError::Server`] names every variable that Lambda or Amazon ECS should have set.
    pub fn new(
        aws: &AwsEnvironment,
        group: &str,
        stream: &str,
        now: fn() -> SystemTime,
    ) -> Result<Self, StartError> {
        let (region, credentials) = aws.region_and_credentials()?;
        Ok(Self {
            client: HttpsClient::new(),
            url: format!("{}/", aws.service_url(Service::LOGS, region)),
            region: region.to_owned(),
            credentials,
            kept: Mutex::default(),
            group: group.to_owned(),
            stream: stream.to_owned(),
            exists: AtomicBool::new(false),
            now,
        })
    }

    /// Creates the log stream, unless that has happened.
    ///
    /// # Errors
    ///
    /// [`LogStreamError`].
    pub async fn open(&self) -> Result<(), LogStreamError> {
        if !self.exists.load(Ordering::Relaxed) {
            self.create().await?;
            self.exists.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Appends the events, in their order, with the present time. They fit into one request: see [`MOST_BYTES`] and
    /// [`MOST_EVENTS`].
    ///
    /// # Errors
    ///
    /// [`LogStreamError`]; the events may be in the log stream all the same, unless the error is a refusal.
    pub async fn append(&self, messages: &[&str]) -> Result<(), LogStreamError> {
        self.open().await?;
        let timestamp = (self.now)()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default()
            .as_millis();
        let timestamp = u64::try_from(timestamp).unwrap_or_default();
        let events: Vec<Value> = messages
            .iter()
            .map(|message| json!({ "timestamp": timestamp, "message": message }))
            .collect();
        let input = json!({
            "logGroupName": self.group, "logStreamName": self.stream, "logEvents": events,
        });
        let put = self.call("PutLogEvents", "logs:PutLogEvents", &input).await;
        match put {
            Ok(output) if output["rejectedLogEventsInfo"].is_object() => {
                Err(LogStreamError::EventsRejected)
            }
            Ok(_) => Ok(()),
            Err(LogStreamError::GroupMissing) => {
                // Which of the two is missing, the next attempt to create the stream finds out.
                self.exists.store(false, Ordering::Relaxed);
                Err(LogStreamError::StreamMissing)
            }
            Err(problem) => Err(problem),
        }
    }

    async fn create(&self) -> Result<(), LogStreamError> {
        let input = json!({ "logGroupName": self.group, "logStreamName": self.stream });
        let action = "logs:CreateLogStream";
        match self.call("CreateLogStream", action, &input).await {
            // An earlier attempt, whose response was lost.
            Err(LogStreamError::Refused(code)) if code == "ResourceAlreadyExistsException" => {
                Ok(())
            }
            created => created.map(|_| ()),
        }
    }

    async fn call(
        &self,
        operation: &'static str,
        action: &'static str,
        input: &Value,
    ) -> Result<Value, LogStreamError> {
        let describe = || {
            Call::new(operation)
                .text("rpc.system.name", "aws-api")
                .text("rpc.method", format!("CloudWatchLogs/{operation}"))
        };
        let exchange = self.exchange(operation, action, input);
        Call::record(describe, exchange, |error| Some(error.problem())).await
    }

    async fn exchange(
        &self,
        operation: &'static str,
        action: &'static str,
        input: &Value,
    ) -> Result<Value, LogStreamError> {
        let signer = self.signer().await?;
        let mut request = Request::post(&self.url)
            .header("content-type", "application/x-amz-json-1.1")
            .header("x-amz-target", format!("Logs_20140328.{operation}"))
            .body(Bytes::from(input.to_string()))
            .map_err(|_| LogStreamError::Unsigned)?;
        signer
            .sign(&mut request, (self.now)())
            .map_err(|_| LogStreamError::Unsigned)?;
        let response = self
            .client
            .exchange(request.map(Full::new), LIMIT, ATTEMPT)
            .await;
        let response = response.map_err(|error| match error {
            FetchError::TooSlow => LogStreamError::TooSlow,
            FetchError::Unreachable
            | FetchError::Status(_)
            | FetchError::TooLarge
            | FetchError::Nonsense
            | FetchError::Malformed => LogStreamError::Unreachable,
        })?;
        let body = serde_json::from_slice(response.body()).unwrap_or(Value::Null);
        if response.status() == StatusCode::OK {
            return Ok(body);
        }
        Err(refusal(response.status(), &body, action))
    }

    async fn signer(&self) -> Result<Signer, LogStreamError> {
        let kept = self.kept().clone();
        let renewed = (self.now)() + RENEWED_BEFORE;
        let is_valid = |kept: &Credentials| kept.expiry().is_none_or(|expiry| expiry > renewed);
        let credentials = match kept.filter(is_valid) {
            Some(credentials) => credentials,
            None => {
                let provided = self.credentials.provide_credentials().await;
                let provided = provided.map_err(|_| LogStreamError::Unsigned)?;
                *self.kept() = Some(provided.clone());
                provided
            }
        };
        let service = Service::LOGS.name;
        Ok(Signer::with_credentials(service, &self.region, credentials))
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Option<Credentials>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for LogStream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("LogStream")
            .field("stream", &self.stream)
            .finish_non_exhaustive()
    }
}

/// The refusal by the code in the body, `__type`, which may have a namespace before it.
fn refusal(status: StatusCode, body: &Value, action: &'static str) -> LogStreamError {
    let code = body["__type"].as_str().unwrap_or_default();
    match code.rsplit('#').next().unwrap_or_default() {
        "AccessDeniedException" => LogStreamError::AccessDenied { action },
        "ThrottlingException" => LogStreamError::Throttled,
        "ResourceNotFoundException" => LogStreamError::GroupMissing,
        _ if status.is_server_error() => LogStreamError::Failed,
        "" => LogStreamError::Refused(format!("status {}", status.as_u16())),
        code => LogStreamError::Refused(code.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;
    use serde_json::json;

    use super::{LogStreamError, refusal};

    #[test]
    fn a_refusal_names_the_action_or_the_code() {
        let of = |status: u16, code: &str| {
            let status = StatusCode::from_u16(status).unwrap();
            refusal(status, &json!({ "__type": code }), "logs:PutLogEvents")
        };
        let action = "logs:PutLogEvents";
        assert_eq!(
            of(400, "com.amazonaws.logs#AccessDeniedException"),
            LogStreamError::AccessDenied { action }
        );
        assert_eq!(of(400, "ThrottlingException"), LogStreamError::Throttled);
        assert!(of(503, "ServiceUnavailableException").is_transient());
        let other = of(400, "InvalidParameterException");
        assert!(!other.is_transient());
        assert_eq!(
            other.to_string(),
            "CloudWatch Logs refused: InvalidParameterException"
        );
    }
}
