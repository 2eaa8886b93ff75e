//! Builds responses with the headers that every response of an authorization server needs.

use http::{HeaderName, HeaderValue, StatusCode, header, response::Builder};
use serde_json::{Value, json};

use crate::{
    failure::Failure,
    oauth::{redirect::RedirectUri, request::Response},
    sealed::secret::Secret,
    settings::Settings,
};

const CSP_OF_DATA: &str = "default-src 'none'; frame-ancestors 'none'";

/// Headers of every response: never cached (responses contain tokens and codes), never framed, never sniffed, and no
/// referrer, because our URLs contain codes.
pub(crate) fn builder(settings: &Settings, status: StatusCode, csp: &str) -> Builder {
    let builder = http::Response::builder()
        .status(status)
        .header(header::CACHE_CONTROL, "no-store")
        .header(header::PRAGMA, "no-cache")
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .header(header::X_FRAME_OPTIONS, "DENY")
        .header(header::REFERRER_POLICY, "no-referrer")
        .header(header::CONTENT_SECURITY_POLICY, csp);
    if settings.is_secure() {
        builder.header(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000")
    } else {
        builder
    }
}

/// Finishes a response. An invalid header (headers are always printable ASCII) makes it an error.
pub(crate) fn finish(builder: Builder, body: String) -> Response {
    builder.body(body).unwrap_or_else(|_| {
        let mut answer = Response::new(String::new());
        *answer.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        answer
    })
}

/// A JSON response.
pub(crate) fn json_answer(settings: &Settings, status: StatusCode, body: &Value) -> Response {
    let builder =
        builder(settings, status, CSP_OF_DATA).header(header::CONTENT_TYPE, "application/json");
    finish(builder, body.to_string())
}

/// A response without a body.
pub(crate) fn empty_answer(settings: &Settings, status: StatusCode) -> Response {
    finish(builder(settings, status, CSP_OF_DATA), String::new())
}

/// A refusal as JSON, RFC 6749 section 5.2.
pub(crate) fn json_refusal(settings: &Settings, failure: &Failure) -> Response {
    let wire = failure.wire();
    let body = json!({ "error": wire.code, "error_description": failure.caller_message() });
    let mut answer = json_answer(settings, wire.status, &body);
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
pub(crate) fn redirect_answer(settings: &Settings, location: &str) -> Response {
    let mut answer = empty_answer(settings, StatusCode::FOUND);
    set(&mut answer, header::LOCATION, location);
    answer
}
