use std::fmt;

use mcp_lambda::http::Method;
use mcp_lambda::http::header::{ACCEPT, USER_AGENT};
use mcp_lambda::{Deadline, FetchError, HttpUrl, HttpsClient, HttpsResponse, Milliseconds};
use serde::Deserialize;

/// Largest answer that is read, in bytes; ten facts are about 3 KB.
const MAX_ANSWER: usize = 256 * 1024;

mcp_lambda::settings! {
    /// How to reach the Dog API.
    pub struct DogApiSettings owned by Server {
        /// Base URL of the Dog API, version 2. Plain http is accepted for a loopback host only.
        pub base_url: HttpUrl = "DOG_API_BASE_URL" or "https://dogapi.dog/api/v2",
        /// Time that the Dog API has for one answer.
        pub timeout: Milliseconds = "DOG_API_TIMEOUT_MS" or "5000",
        /// Sent to the Dog API as User-Agent.
        pub user_agent: String = "DOG_API_USER_AGENT" or "mcp-lambda-dog-facts",
    }
}

/// A client of the Dog API.
#[derive(Debug)]
pub struct DogApi {
    settings: DogApiSettings,
    client: HttpsClient,
}

/// Why there are no facts. Its `Display` is the sentence for the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DogApiError {
    /// The Dog API could not be asked, or answered with anything but facts.
    Fetch(FetchError),
    /// The answer was well-formed and had no fact in it.
    NoFacts,
}

impl fmt::Display for DogApiError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DogApiError::Fetch(error) => write!(formatter, "no dog facts now: the Dog API {error}"),
            DogApiError::NoFacts => formatter.write_str("no dog facts now: the Dog API sent none"),
        }
    }
}

impl std::error::Error for DogApiError {}

/// The Dog API's answer (JSON:API), as far as it is used.
#[derive(Deserialize)]
struct Answer {
    data: Vec<Fact>,
}

#[derive(Deserialize)]
struct Fact {
    attributes: Attributes,
}

#[derive(Deserialize)]
struct Attributes {
    body: String,
}

impl DogApi {
    /// A client that asks only when it is asked.
    #[must_use]
    pub fn new(settings: DogApiSettings) -> Self {
        Self {
            settings,
            client: HttpsClient::new(),
        }
    }

    /// Asks for `limit` facts and returns at most that many, at least one. The deadline shortens the time limit of the
    /// settings.
    ///
    /// # Errors
    ///
    /// [`DogApiError`] when there is not a single fact.
    pub async fn facts(&self, limit: u8, deadline: Deadline) -> Result<Vec<String>, DogApiError> {
        let DogApiSettings {
            base_url,
            timeout: Milliseconds(timeout),
            user_agent,
        } = &self.settings;
        let response = self
            .client
            .request(Method::GET, base_url)
            .path(["facts"])
            .query("limit", limit)
            .header(USER_AGENT, user_agent)
            .header(ACCEPT, "application/json")
            .limit(MAX_ANSWER)
            .timeout(*timeout)
            .deadline(deadline)
            .send()
            .await;
        let answer: Answer = response
            .and_then(HttpsResponse::json)
            .map_err(DogApiError::Fetch)?;
        let facts: Vec<String> = answer
            .data
            .into_iter()
            .map(|fact| fact.attributes.body.trim().to_owned())
            .filter(|fact| !fact.is_empty())
            .take(limit.into())
            .collect();
        if facts.is_empty() {
            Err(DogApiError::NoFacts)
        } else {
            Ok(facts)
        }
    }
}
