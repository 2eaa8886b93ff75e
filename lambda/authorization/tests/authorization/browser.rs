//! A client, a browser, and how their answers are read.

use std::collections::{BTreeMap, HashMap};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use mcp_lambda_authorization::{Digest, Response};
use serde_json::Value;
use url::Url;

use crate::{
    cognito::parameters,
    harness::{Harness, ISSUER, READ, RESOURCE, VERIFIER},
};

/// An MCP client as it shows itself to us.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) state: Option<String>,
    pub(crate) changes: HashMap<&'static str, Option<String>>,
}

impl Client {
    pub(crate) fn new(client_id: &str, redirect_uri: &str) -> Self {
        let state = Some("the-state-of-the-client".to_owned());
        Self {
            client_id: client_id.to_owned(),
            redirect_uri: redirect_uri.to_owned(),
            state,
            changes: HashMap::new(),
        }
    }

    /// The same request with one parameter replaced, or left out.
    pub(crate) fn but(&self, name: &'static str, value: Option<&str>) -> Self {
        let mut client = self.clone();
        client.changes.insert(name, value.map(str::to_owned));
        client
    }

    /// What Claude Code sends.
    pub(crate) fn authorize_url(&self) -> String {
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(Digest::of(VERIFIER.as_bytes()).bytes());
        let mut query: BTreeMap<&str, String> = [
            ("response_type", "code"),
            ("client_id", &self.client_id),
            ("redirect_uri", &self.redirect_uri),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
            ("scope", READ),
            ("resource", RESOURCE),
        ]
        .map(|(name, value)| (name, value.to_owned()))
        .into();
        if let Some(state) = &self.state {
            query.insert("state", state.clone());
        }
        for (name, value) in &self.changes {
            match value {
                Some(value) => query.insert(name, value.clone()),
                None => query.remove(name),
            };
        }
        format!(
            "/authorize?{}",
            form_urlencoded::Serializer::new(String::new())
                .extend_pairs(query)
                .finish()
        )
    }
}

/// A browser: keeps cookies by their rules and sends what browsers send.
#[derive(Default, Clone)]
pub(crate) struct Browser {
    pub(crate) cookies: BTreeMap<String, String>,
}

impl Browser {
    /// What it sends in `Cookie`.
    pub(crate) fn cookie(&self) -> String {
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        cookies.join("; ")
    }

    fn headers(&self) -> Vec<(&'static str, String)> {
        if self.cookies.is_empty() {
            Vec::new()
        } else {
            vec![("cookie", self.cookie())]
        }
    }

    fn keep(&mut self, answer: &Response) {
        for cookie in answer.headers().get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            let (name, rest) = cookie.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            assert!(
                name.starts_with("__Host-")
                    && cookie.contains("; Secure")
                    && cookie.contains("; Path=/;"),
                "{cookie}"
            );
            assert!(
                cookie.contains("; HttpOnly; SameSite=Lax") && !cookie.contains("Domain"),
                "{cookie}"
            );
            if cookie.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// Follows a link to us, absolute or not.
    pub(crate) fn get(&mut self, harness: &Harness, url: &str) -> Response {
        let headers = self.headers();
        let headers: Vec<(&str, &str)> = headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let answer = harness.get(url.strip_prefix(ISSUER).unwrap_or(url), &headers);
        self.keep(&answer);
        if answer.status() != 303 {
            return answer;
        }
        // Only ever within our own origin.
        let moved_on = answer.headers()["location"].to_str().unwrap().to_owned();
        assert!(moved_on.starts_with(&format!("{ISSUER}/")), "{moved_on}");
        self.get(harness, &moved_on)
    }

    /// Presses a button of the consent page.
    pub(crate) fn decide(
        &mut self,
        harness: &Harness,
        page: &Response,
        decision: &str,
    ) -> Response {
        let request = hidden_request(page);
        self.submit(
            harness,
            &[("request", &request), ("decision", decision)],
            ISSUER,
            "same-origin",
        )
    }

    pub(crate) fn submit(
        &mut self,
        harness: &Harness,
        form: &[(&str, &str)],
        origin: &str,
        site: &str,
    ) -> Response {
        let mut headers = self.headers();
        headers.push(("origin", origin.to_owned()));
        headers.push(("sec-fetch-site", site.to_owned()));
        let headers: Vec<(&str, &str)> = headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let answer = harness.form("/consent", form, &headers);
        self.keep(&answer);
        answer
    }
}

pub(crate) fn hidden_request(page: &Response) -> String {
    let (_, rest) = page
        .body()
        .split_once("name=\"request\" value=\"")
        .expect("a consent page");
    rest.split('"').next().unwrap().to_owned()
}

pub(crate) fn refresh_target(answer: &Response) -> String {
    answer.headers()["refresh"]
        .to_str()
        .unwrap()
        .strip_prefix("0; url=")
        .unwrap()
        .to_owned()
}

/// Where the page after a sign-in leads: the client's redirect URI, in `Refresh` and in the link of the page.
pub(crate) fn arrival(answer: &Response) -> String {
    assert_eq!(answer.status(), 200, "{}", answer.body());
    assert!(
        !answer.headers().contains_key("location"),
        "no redirect follows Cognito's form"
    );
    let target = refresh_target(answer);
    let escaped = target.replace('&', "&#38;");
    assert!(
        answer.body().contains(&format!("href=\"{escaped}\"")),
        "{target} in {}",
        answer.body()
    );
    target
}

pub(crate) fn location(answer: &Response) -> String {
    assert_eq!(answer.status(), 302, "{}", answer.body());
    answer.headers()["location"].to_str().unwrap().to_owned()
}

pub(crate) fn json(answer: &Response) -> Value {
    serde_json::from_str(answer.body()).unwrap()
}

/// The `error` at the client, with `iss` and `state` beside it.
pub(crate) fn redirected_error(answer: &Response, client: &Client) -> String {
    let location = match answer.status().as_u16() {
        302 => location(answer),
        _ => arrival(answer),
    };
    assert!(location.starts_with(&client.redirect_uri), "{location}");
    let query = parameters(Url::parse(&location).unwrap().query().unwrap());
    assert_eq!(query["iss"], ISSUER, "iss is on every redirect");
    assert_eq!(query.get("state"), client.state.as_ref());
    assert!(!query.contains_key("code"));
    query["error"].clone()
}

/// Refused in this browser: a page, nothing to follow.
pub(crate) fn assert_refused_on_a_page(answer: &Response, reason: &str) {
    assert!(
        answer.status().is_client_error(),
        "{} {}",
        answer.status(),
        answer.body()
    );
    assert!(
        !answer.headers().contains_key("location") && !answer.headers().contains_key("refresh")
    );
    assert!(
        answer.body().contains(reason),
        "expected {reason} in {}",
        answer.body()
    );
}

/// The error of a JSON endpoint.
pub(crate) fn error(answer: &Response) -> (u16, String) {
    let body = json(answer);
    assert!(body.get("access_token").is_none());
    (
        answer.status().as_u16(),
        body["error"].as_str().unwrap().to_owned(),
    )
}
