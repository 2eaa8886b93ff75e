//! The report: verdicts, faults and their evidence, without secrets and without control characters of a server.

use serde::Serialize;
use serde_json::Value;
use url::Url;

use super::check::Check;
use super::checks::{all, by_id};
use super::evidence::{Evidence, Exchange, Outcome as Result_, Received};
use super::profile::{Basis, Profile};
use super::verdict::{Outcome, Verdict};
use super::walk::{Limits, walk};
use crate::visible::{visible, visible_line};

/// Longest excerpt of a body.
const LONGEST_EXCERPT: usize = 400;
/// Members of JSON bodies and parameters of URLs that are never shown.
const SECRETS: [&str; 7] = [
    "access_token",
    "refresh_token",
    "id_token",
    "client_secret",
    "registration_access_token",
    "code",
    "code_verifier",
];

/// The result of a diagnosis.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The MCP URL.
    pub url: String,
    /// One verdict for each client.
    pub clients: Vec<ClientReport>,
    /// What is wrong, whether or not a client is stopped by it.
    pub faults: Vec<FaultReport>,
    /// The sign-in of a person, if there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sign_in: Option<SignIn>,
    /// Every request, by number.
    pub exchanges: Vec<ExchangeReport>,
}

/// A sign-in in the browser, by the Rust SDK.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SignIn {
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Whether a second access token came for the refresh token.
    pub refreshed: bool,
    /// Why none came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_problem: Option<String>,
}

impl SignIn {
    /// Whether anything failed.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.problem.is_some() || self.refresh_problem.is_some()
    }
}

/// The verdict about one client.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ClientReport {
    /// Id for `--client`.
    pub id: &'static str,
    /// Name.
    pub name: &'static str,
    /// Version.
    pub version: &'static str,
    /// How the behaviour is known: `run`, `source` or `documented`.
    pub basis: &'static str,
    /// The verdict.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// The fix of the first failing step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<Fix>,
}

/// A fix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Fix {
    /// With this project's constructs.
    pub construct: &'static str,
    /// With any other server.
    pub elsewhere: &'static str,
}

/// A failed check.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FaultReport {
    /// Id of the check.
    pub id: &'static str,
    /// What is wrong.
    pub title: &'static str,
    /// Why it matters.
    pub why: &'static str,
    /// What was seen.
    pub detail: String,
    /// Numbers of the exchanges that show it.
    pub exchanges: Vec<usize>,
    /// The fix.
    pub fix: Fix,
}

/// One exchange, without secrets.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExchangeReport {
    /// Its number.
    pub number: usize,
    /// Method and URL.
    pub request: String,
    /// Headers of the request.
    pub request_headers: Vec<String>,
    /// Status of the response.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Why there is no response.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// Headers of the response.
    pub response_headers: Vec<String>,
    /// The beginning of the body.
    pub body: String,
    /// Milliseconds until the response was read.
    pub milliseconds: u128,
}

impl Report {
    /// Judges the evidence. Pure.
    #[must_use]
    pub fn of(evidence: &Evidence, profiles: &[&Profile], limits: Limits) -> Self {
        let clients = profiles
            .iter()
            .filter_map(|profile| {
                let mut verdict = walk(profile, evidence, limits).ok()?;
                if let Some(obstacle) = &mut verdict.obstacle {
                    obstacle.detail = visible_line(&obstacle.detail);
                }
                let check = verdict
                    .obstacle
                    .as_ref()
                    .and_then(|obstacle| by_id(obstacle.check));
                Some(ClientReport {
                    id: profile.id,
                    name: profile.name,
                    version: profile.version,
                    basis: basis(profile.basis),
                    fix: check.map(fix),
                    verdict,
                })
            })
            .collect();
        let faults = all()
            .filter_map(|check| {
                let fault = (check.find)(evidence)?;
                Some(FaultReport {
                    id: check.id,
                    title: check.title,
                    why: check.why,
                    detail: visible_line(&fault.detail),
                    exchanges: fault.exchanges,
                    fix: fix(check),
                })
            })
            .collect();
        Self {
            url: evidence.url.to_string(),
            clients,
            faults,
            sign_in: None,
            exchanges: evidence
                .exchanges
                .iter()
                .enumerate()
                .map(exchange)
                .collect(),
        }
    }

    /// How many clients do not connect from the URL alone.
    #[must_use]
    pub fn failing(&self) -> usize {
        self.clients
            .iter()
            .filter(|client| client.verdict.outcome != Outcome::Connects)
            .count()
    }
}

fn basis(basis: Basis) -> &'static str {
    match basis {
        Basis::Run => "run",
        Basis::Source => "source",
        Basis::Documented => "documented",
    }
}

fn fix(check: &Check) -> Fix {
    Fix {
        construct: check.construct,
        elsewhere: check.elsewhere,
    }
}

fn exchange((number, exchange): (usize, &Exchange)) -> ExchangeReport {
    let sent = &exchange.sent;
    let mut request_headers: Vec<String> = sent
        .headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    if sent.signed {
        request_headers.push("authorization: Bearer (not shown)".to_owned());
    }
    let (status, failure, response_headers, body) = match &exchange.outcome {
        Result_::Failed(failure) => (
            None,
            Some(visible_line(&failure.message)),
            Vec::new(),
            String::new(),
        ),
        Result_::Response(response) => {
            let body = if sent.signed && response.is_success() {
                String::new()
            } else {
                visible(&excerpt(response))
            };
            (Some(response.status), None, headers(response), body)
        }
    };
    ExchangeReport {
        number,
        request: visible_line(&format!("{} {}", sent.method, public_url(&sent.url))),
        request_headers,
        status,
        failure,
        response_headers,
        body,
        milliseconds: exchange.elapsed.as_millis(),
    }
}

fn headers(response: &Received) -> Vec<String> {
    response
        .headers
        .iter()
        .map(|(name, value)| match name.as_str() {
            "set-cookie" | "mcp-session-id" => format!("{name}: (not shown)"),
            "location" => format!("{name}: {}", public_url(value)),
            _ => format!("{name}: {value}"),
        })
        .map(|header| visible_line(&header))
        .collect()
}

/// The URL with the values of secret parameters left out.
fn public_url(text: &str) -> String {
    let Ok(mut url) = Url::parse(text) else {
        return text.to_owned();
    };
    if !url
        .query_pairs()
        .any(|(name, _)| SECRETS.contains(&name.as_ref()))
    {
        return text.to_owned();
    }
    let kept: Vec<(String, String)> = url
        .query_pairs()
        .map(|(name, value)| {
            let hidden = SECRETS.contains(&name.as_ref());
            let value = if hidden { "(not shown)".into() } else { value };
            (name.into_owned(), value.into_owned())
        })
        .collect();
    url.query_pairs_mut().clear().extend_pairs(kept);
    url.to_string()
}

fn excerpt(response: &Received) -> String {
    let text = match response.json() {
        Some(mut value) => {
            hide(&mut value);
            value.to_string()
        }
        None if response.is_html() => page_title(&response.body),
        None => response.body.clone(),
    };
    let mut short: String = text.chars().take(LONGEST_EXCERPT).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// What a page says it is: its title, without the markup and the style sheets around it.
fn page_title(html: &str) -> String {
    let lower = html.to_ascii_lowercase();
    let title = lower.find("<title>").and_then(|start| {
        let start = start + "<title>".len();
        let end = start + lower.get(start..)?.find("</title>")?;
        html.get(start..end)
    });
    match title.map(str::trim) {
        Some(title) if !title.is_empty() => format!("an HTML page with the title \"{title}\""),
        _ => "an HTML page without a title".to_owned(),
    }
}

fn hide(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                if SECRETS.contains(&name.as_str()) {
                    *member = Value::from("(not shown)");
                } else {
                    hide(member);
                }
            }
        }
        Value::Array(entries) => entries.iter_mut().for_each(hide),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
