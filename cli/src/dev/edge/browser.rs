//! The redirect of browsers from an MCP endpoint to the page for people, as the CloudFront Function of
//! `cdk/lib/front/private/browser-redirect.ts` makes it.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use mcp_lambda_contract::WELL_KNOWN_PATH;

/// The redirect, if a browser has opened an MCP endpoint. A request with an access token is an MCP client's.
pub(super) fn redirect(request: &Request<Body>) -> Option<Response> {
    let path = request.uri().path();
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let is_endpoint = path.ends_with("/mcp") && !path.starts_with(WELL_KNOWN_PATH);
    let headers = request.headers();
    let asks_for_html = headers.get(header::ACCEPT).is_some_and(|accept| {
        accept
            .to_str()
            .is_ok_and(|ranges| ranges.contains("text/html"))
    });
    let is_browser = asks_for_html && !headers.contains_key(header::AUTHORIZATION);
    (reads && is_endpoint && is_browser).then(|| {
        let headers = [
            (header::LOCATION, "/"),
            (header::CACHE_CONTROL, "no-store"),
            (header::VARY, "Accept"),
        ];
        (StatusCode::SEE_OTHER, headers).into_response()
    })
}
