//! Builds responses with the headers that every response of an authorization server needs.

use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use crate::{
    failure::Failure,
    oauth::{redirect::RedirectUri, request::Response},
    sealed::secret::Secret,
    settings::Settings,
};

/// Headers of every response that has none of its own: never cached (responses contain tokens and codes), never framed,
/// never sniffed, and no referrer, because our URLs contain codes.
const COMMON_HEADERS: [(HeaderName, &str); 6] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::PRAGMA, "no-cache"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'",
    ),
];

/// Adds the headers of every response.
pub(crate) fn add_common_headers(answer: &mut Response, settings: &Settings) {
    for (name, value) in COMMON_HEADERS {
        let value = HeaderValue::from_static(value);
        answer.headers_mut().entry(name).or_insert(value);
    }
    if settings.is_secure() {
        let name = header::STRICT_TRANSPORT_SECURITY;
        set(answer, name, "max-age=31536000");
    }
}

/// A response with a body of a media type.
pub(crate) fn answer_of(status: StatusCode, media_type: &str, body: String) -> Response {
    let mut answer = empty_answer(status);
    set(&mut answer, header::CONTENT_TYPE, media_type);
    *answer.body_mut() = body;
    answer
}

/// A JSON response.
pub(crate) fn json_answer(status: StatusCode, body: &Value) -> Response {
    answer_of(status, "application/json", body.to_string())
}

/// A response without a body.
pub(crate) fn empty_answer(status: StatusCode) -> Response {
    let mut answer = Response::new(String::new());
    *answer.status_mut() = status;
    answer
}

/// A refusal as JSON, RFC 6749 section 5.2.
pub(crate) fn json_refusal(failure: &Failure) -> Response {
    let wire = failure.wire();
    let body = json!({ "error": wire.code, "error_description": failure.caller_message() });
    let mut answer = json_answer(wire.status, &body);
    if wire.status == StatusCode::UNAUTHORIZED {
        set(
            &mut answer,
            header::WWW_AUTHENTICATE,
            "Basic realm=\"authorization server\", charset=\"UTF-8\"",
        );
    }
    add_refusal_headers(&mut answer, failure);
    answer
}

/// `Retry-After` and `Allow`, where a refusal has one.
pub(crate) fn add_refusal_headers(answer: &mut Response, failure: &Failure) {
    if let Failure::Throttled { retry_after } = failure {
        set(answer, header::RETRY_AFTER, &retry_after.to_string());
    }
    if let Failure::MethodNotAllowed { allow } = failure {
        set(answer, header::ALLOW, allow);
    }
}

/// Sets a header of printable ASCII.
pub(crate) fn set(answer: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        answer.headers_mut().append(name, value);
    }
}

/// A redirect URI that was checked against its client, with the client's `state`: only with one of these can this crate
/// redirect to a client.
pub(crate) struct ClientRedirect<'a> {
    uri: &'a RedirectUri,
    state: Option<&'a Secret>,
}

impl<'a> ClientRedirect<'a> {
    /// `uri` must have been matched with what its client registered, or come from a sealed value where that was done.
    pub(crate) fn checked(uri: &'a RedirectUri, state: Option<&'a Secret>) -> Self {
        Self { uri, state }
    }

    /// The URL that delivers a code.
    pub(crate) fn code(&self, settings: &Settings, code: &Secret) -> String {
        self.with(settings, &[("code", code.expose())])
    }

    /// The URL that delivers a refusal, RFC 6749 section 4.1.2.1.
    pub(crate) fn refusal(&self, settings: &Settings, failure: &Failure) -> String {
        self.with(
            settings,
            &[
                ("error", failure.wire().code),
                ("error_description", &failure.caller_message()),
            ],
        )
    }

    /// `iss` is on every redirect, including refusals: RFC 9207 section 2.
    fn with(&self, settings: &Settings, parameters: &[(&str, &str)]) -> String {
        let mut all = parameters.to_vec();
        if let Some(state) = self.state {
            all.push(("state", state.expose()));
        }
        all.push(("iss", &settings.addresses.issuer.text));
        self.uri.with_parameters(&all)
    }
}

/// `302` to a checked URL.
pub(crate) fn redirect_answer(location: &str) -> Response {
    let mut answer = empty_answer(StatusCode::FOUND);
    set(&mut answer, header::LOCATION, location);
    answer
}
