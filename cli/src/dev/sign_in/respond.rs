//! Builds responses with pages: headers and refusals.

use askama::Template;
use axum::http::StatusCode;
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};

use super::pages::Failed;

/// Whether a person rather than a program asks.
pub(crate) fn wants_html(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}

/// A page on its own. `form_target` is where its forms may lead besides here.
pub(crate) fn html(
    status: StatusCode,
    template: &impl Template,
    form_target: Option<&str>,
) -> Response {
    let Ok(body) = template.render() else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let policy = format!(
        "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'; form-action 'self' {}",
        form_target.unwrap_or_default()
    );
    let headers: [(HeaderName, HeaderValue); 6] = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/html; charset=utf-8"),
        ),
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::try_from(policy.trim_end())
                .unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'")),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (
            header::REFERRER_POLICY,
            HeaderValue::from_static("no-referrer"),
        ),
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    ];
    (status, headers, body).into_response()
}

/// Redirects the browser.
pub(crate) fn redirect(location: HeaderValue) -> Response {
    (StatusCode::FOUND, [(header::LOCATION, location)]).into_response()
}

/// The page for an authorization request that cannot be fulfilled.
pub(crate) fn failed(status: StatusCode, error: &str, description: &str) -> Response {
    dead_end(status, "Sign-in is not possible", error, description)
}

/// The response to a form that is foreign or too old.
pub(crate) fn foreign_form() -> Response {
    dead_end(
        StatusCode::FORBIDDEN,
        "This form is too old",
        "expired_form",
        "It was opened too long ago, or the browser does not keep cookies. Reload it and try again.",
    )
}

pub(crate) async fn no_such_page() -> Response {
    dead_end(
        StatusCode::NOT_FOUND,
        "There is no such page",
        "not_found",
        "The sign-in pages are opened by MCP clients.",
    )
}

/// A page that says why it cannot go on.
fn dead_end(status: StatusCode, heading: &'static str, error: &str, description: &str) -> Response {
    let page = Failed {
        heading,
        error: error.to_owned(),
        description: description.to_owned(),
    };
    html(status, &page, None)
}
