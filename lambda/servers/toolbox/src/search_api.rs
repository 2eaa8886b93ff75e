//! A client of the Serper API, which searches the web.

use std::fmt;
use std::time::Duration;

use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode, header};
use http_body_util::Full;
use mcp_lambda::{FetchError, HttpUrl, HttpsClient, Milliseconds};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Mutex;

/// Largest response that is read, in bytes; ten results are about 10 KB.
const MAX_RESPONSE: usize = 512 * 1024;
/// Longest title and snippet that are passed on, in characters.
const MAX_TEXT: usize = 500;

mcp_lambda::settings! {
    /// How to reach the Serper API.
    pub struct SearchSettings owned by Server {
        /// Base URL of the Serper API. Plain http is accepted for a loopback host only.
        pub base_url: HttpUrl = "SERPER_BASE_URL" or "https://google.serper.dev",
        /// Time that the Serper API has for one response.
        pub timeout: Milliseconds = "SERPER_TIMEOUT_MS" or "8000",
        /// Name or ARN of the secret in Secrets Manager whose value is the API key.
        pub secret: String = "SERPER_SECRET",
    }
}

/// A client of the Serper API.
#[derive(Debug)]
pub struct SearchApi {
    settings: SearchSettings,
    https: HttpsClient,
    secrets: aws_sdk_secretsmanager::Client,
    /// The API key, once it was needed. A process forgets one that was refused.
    key: Mutex<Option<HeaderValue>>,
}

/// A page that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Its title.
    pub title: String,
    /// Its address, http or https.
    pub url: String,
    /// Some words of it.
    pub snippet: String,
}

/// Why there are no results. Its `Display` is the sentence for the caller; it never contains the key or the response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SearchError {
    /// Secrets Manager does not give the key, with its error code or what happened to the connection.
    NoKey(String),
    /// The secret holds no string that fits a header.
    UnusableKey,
    /// The Serper API refuses the key.
    KeyRefused(StatusCode),
    /// The Serper API has no more searches for the key, or not so many at once.
    TooMany,
    /// The Serper API could not be asked, or responded with anything but results.
    Fetch(FetchError),
}

impl fmt::Display for SearchError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("no search now: ")?;
        match self {
            SearchError::NoKey(cause) => write!(
                formatter,
                "the API key cannot be read from Secrets Manager ({cause})"
            ),
            SearchError::UnusableKey => formatter.write_str(
                "the secret of SERPER_SECRET holds no API key; an operator has to put one there",
            ),
            SearchError::KeyRefused(status) => write!(
                formatter,
                "the Serper API refused the API key (status {}); an operator has to put a valid one into the secret of SERPER_SECRET",
                status.as_u16()
            ),
            SearchError::TooMany => formatter.write_str(
                "the Serper API accepts no more searches (status 429); try again in a minute",
            ),
            SearchError::Fetch(error) => write!(formatter, "the Serper API {error}"),
        }
    }
}

impl std::error::Error for SearchError {}

/// The response, as far as it is used.
#[derive(Deserialize)]
struct Response {
    organic: Vec<Organic>,
}

#[derive(Deserialize)]
struct Organic {
    title: String,
    link: String,
    #[serde(default)]
    snippet: String,
}

impl SearchApi {
    /// A client that reads the key when it is needed first.
    #[must_use]
    pub fn new(settings: SearchSettings, secrets: aws_sdk_secretsmanager::Client) -> Self {
        Self {
            settings,
            https: HttpsClient::new(),
            secrets,
            key: Mutex::new(None),
        }
    }

    /// At most `limit` results. `time_left` shortens the time limit of the settings.
    ///
    /// # Errors
    ///
    /// [`SearchError`]
    pub async fn search(
        &self,
        query: &str,
        limit: u8,
        time_left: Option<Duration>,
    ) -> Result<Vec<Hit>, SearchError> {
        let key = self.key().await?;
        let SearchSettings {
            base_url,
            timeout: Milliseconds(timeout),
            ..
        } = &self.settings;
        let timeout = time_left.map_or(*timeout, |left| left.min(*timeout));
        let url = format!("{}/search", base_url.as_str().trim_end_matches('/'));
        let body = json!({ "q": query, "num": limit }).to_string();
        let request = Request::post(url)
            .header("x-api-key", key)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/json")
            .body(Full::from(Bytes::from(body)))
            // Only a URL that is none fails here, and the settings have checked it.
            .map_err(|_| SearchError::Fetch(FetchError::Unreachable))?;
        let response = self
            .https
            .exchange(request, MAX_RESPONSE, timeout)
            .await
            .map_err(SearchError::Fetch)?;
        match response.status() {
            StatusCode::OK => hits(response.body(), limit),
            status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
                // The secret may have a new one by the next call.
                *self.key.lock().await = None;
                Err(SearchError::KeyRefused(status))
            }
            StatusCode::TOO_MANY_REQUESTS => Err(SearchError::TooMany),
            status => Err(SearchError::Fetch(FetchError::Status(status))),
        }
    }

    /// The API key, from Secrets Manager the first time.
    async fn key(&self) -> Result<HeaderValue, SearchError> {
        let mut held = self.key.lock().await;
        if let Some(key) = held.as_ref() {
            return Ok(key.clone());
        }
        let read = self
            .secrets
            .get_secret_value()
            .secret_id(&self.settings.secret)
            .send()
            .await
            .map_err(|error| SearchError::NoKey(cause(&error)))?;
        let key = read.secret_string().unwrap_or_default().trim();
        let mut key = HeaderValue::from_str(key)
            .ok()
            .filter(|key| !key.is_empty())
            .ok_or(SearchError::UnusableKey)?;
        key.set_sensitive(true);
        Ok(held.insert(key).clone())
    }
}

/// Why an AWS API did not do what it was asked for, without names of the account.
pub(crate) fn cause<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> String {
    if let Some(refused) = error.as_service_error() {
        refused.code().unwrap_or("no code").to_owned()
    } else if matches!(error, SdkError::TimeoutError(_)) {
        "no response in time".to_owned()
    } else {
        "it cannot be reached".to_owned()
    }
}

/// The results with an address that a browser may open.
fn hits(body: &[u8], limit: u8) -> Result<Vec<Hit>, SearchError> {
    let response: Response =
        serde_json::from_slice(body).map_err(|_| SearchError::Fetch(FetchError::Nonsense))?;
    let short = |text: &str| text.chars().take(MAX_TEXT).collect::<String>();
    Ok(response
        .organic
        .into_iter()
        .filter(|hit| hit.link.starts_with("https://") || hit.link.starts_with("http://"))
        .map(|hit| Hit {
            title: short(&hit.title),
            url: hit.link,
            snippet: short(&hit.snippet),
        })
        .take(limit.into())
        .collect())
}
