//! The redirect of browsers from an MCP endpoint to the page for people, as the CloudFront Function of
//! `lambda/contract/src/browser.rs` makes it.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use mcp_lambda_contract::{WELL_KNOWN_PATH, opens_page};

/// The redirect, if a browser has opened an MCP endpoint.
pub(super) fn redirect(request: &Request<Body>) -> Option<Response> {
    let path = request.uri().path();
    let headers = request.headers();
    let accept = headers.get(header::ACCEPT);
    let accept = accept.and_then(|accept| accept.to_str().ok());
    let has_authorization = headers.contains_key(header::AUTHORIZATION);
    // CloudFront has a behavior without the function for the metadata documents.
    let opens = !path.starts_with(WELL_KNOWN_PATH)
        && opens_page(request.method().as_str(), path, accept, has_authorization);
    opens.then(|| {
        let headers = [
            (header::LOCATION, "/"),
            (header::CACHE_CONTROL, "no-store"),
            (header::VARY, "Accept"),
        ];
        (StatusCode::SEE_OTHER, headers).into_response()
    })
}
