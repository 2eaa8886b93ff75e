//! Sends requests over HTTP and records what comes back.

use std::error::Error;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use reqwest::redirect::Policy;
use rustls::CertificateError;
use url::Url;

use super::ask::{Ask, Sent, USER_AGENT};
use super::diagnose::Prober;
use super::evidence::{Exchange, Failure, FailureKind, Outcome, Received, is_loopback};
use super::rpc;

/// How long one request may take: longer than the most patient client of the table.
const PATIENCE: Duration = Duration::from_secs(20);
/// Longest body that is read.
const LONGEST_BODY: usize = 256 * 1024;

/// An HTTP client that follows no redirects.
#[derive(Debug)]
pub struct HttpProber {
    client: reqwest::Client,
    token: Option<String>,
    clock: fn() -> SystemTime,
}

impl HttpProber {
    /// A prober for the server at `mcp`, with the access token of a person or program if there is one.
    ///
    /// # Errors
    ///
    /// The TLS library's message, if it cannot be set up.
    pub fn new(
        mcp: &Url,
        token: Option<String>,
        clock: fn() -> SystemTime,
    ) -> Result<Self, reqwest::Error> {
        // An error means that a provider is installed already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .redirect(Policy::none())
            .timeout(PATIENCE)
            .user_agent(USER_AGENT);
        if is_loopback(mcp) {
            builder = builder.no_proxy();
        }
        Ok(Self {
            client: builder.build()?,
            token,
            clock,
        })
    }

    async fn outcome(&self, sent: &Sent) -> Outcome {
        let method = match sent.method {
            "GET" => reqwest::Method::GET,
            "OPTIONS" => reqwest::Method::OPTIONS,
            _ => reqwest::Method::POST,
        };
        let mut request = self
            .client
            .request(method, &sent.url)
            .body(sent.body.clone());
        for (name, value) in &sent.headers {
            request = request.header(*name, value);
        }
        if let Some(token) = self.token.as_ref().filter(|_| sent.signed) {
            request = request.bearer_auth(token);
        }
        match request.send().await {
            Ok(response) => Outcome::Response(received(response, sent.method).await),
            Err(error) => Outcome::Failed(failure(&error)),
        }
    }
}

impl Prober for HttpProber {
    async fn send(&self, ask: Ask, sent: Sent) -> Exchange {
        let started = Instant::now();
        let outcome = self.outcome(&sent).await;
        let at = (self.clock)()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs());
        Exchange {
            ask,
            sent,
            outcome,
            elapsed: started.elapsed(),
            at,
        }
    }
}

/// Reads a response as far as it is needed: a stream until its response message, and nothing of one that never ends.
async fn received(mut response: reqwest::Response, method: &str) -> Received {
    let mut received = Received {
        status: response.status().as_u16(),
        headers: response
            .headers()
            .iter()
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                (name.as_str().to_owned(), value)
            })
            .collect(),
        body: String::new(),
    };
    let stream = received
        .header("content-type")
        .is_some_and(|kind| kind.starts_with("text/event-stream"));
    if stream && method == "GET" {
        return received;
    }
    let mut bytes = Vec::new();
    while bytes.len() < LONGEST_BODY
        && let Ok(Some(chunk)) = response.chunk().await
    {
        bytes.extend_from_slice(&chunk);
        if stream {
            received.body = String::from_utf8_lossy(&bytes).into_owned();
            if rpc::message(&received).is_some() {
                return received;
            }
        }
    }
    bytes.truncate(LONGEST_BODY);
    received.body = String::from_utf8_lossy(&bytes).into_owned();
    received
}

fn failure(error: &reqwest::Error) -> Failure {
    let (kind, message) = kind_and_message(error);
    Failure { kind, message }
}

fn kind_and_message(error: &reqwest::Error) -> (FailureKind, String) {
    if error.is_timeout() {
        return (
            FailureKind::Timeout,
            format!("no response within {} s", PATIENCE.as_secs()),
        );
    }
    let mut innermost: &(dyn Error + 'static) = error;
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(cause) = next {
        innermost = cause;
        if let Some(rustls::Error::InvalidCertificate(problem)) = cause.downcast_ref() {
            return certificate(problem);
        }
        if cause.to_string().contains("dns error") {
            return (
                FailureKind::UnknownHost,
                "the host name has no address".to_owned(),
            );
        }
        next = cause
            .downcast_ref::<std::io::Error>()
            .and_then(|io| io.get_ref())
            .map(|inner| inner as &(dyn Error + 'static))
            .or_else(|| cause.source());
    }
    (FailureKind::Connection, innermost.to_string())
}

fn certificate(problem: &CertificateError) -> (FailureKind, String) {
    let expired = matches!(
        problem,
        CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. }
    );
    let kind = if expired {
        FailureKind::CertificateExpired
    } else {
        FailureKind::CertificateUntrusted
    };
    (kind, format!("certificate: {problem}"))
}
