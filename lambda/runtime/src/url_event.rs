//! Parses events of payload format 2.0 (function URLs and HTTP APIs) into HTTP requests.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::COOKIE;
use http::{HeaderName, HeaderValue, Method, Request, Uri};
use serde::Deserialize;

/// An event of payload format 2.0: a function URL, or an HTTP API's proxy integration.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct UrlEvent {
    version: String,
    raw_path: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    cookies: Vec<String>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
    request_context: RequestContext,
}

#[derive(Debug, Deserialize)]
struct RequestContext {
    http: Http,
}

#[derive(Debug, Deserialize)]
struct Http {
    method: String,
}

/// Reads an event of payload format 2.0; `None` when it is something else.
///
/// A repeated header arrives as one value with commas; cookies arrive separately. A header that HTTP does not allow is
/// left out: it cannot have come over HTTP. The event's data about the caller (`requestContext.authorizer`) is not
/// read, because nothing in this format is verified for an MCP server: the access token must be verified. Does not read
/// the query string, which MCP does not use.
#[must_use]
pub fn read_url_event(event: &[u8]) -> Option<Request<Bytes>> {
    let event: UrlEvent = serde_json::from_slice(event).ok()?;
    if event.version != "2.0" {
        return None;
    }
    let mut request = Request::new(Bytes::new());
    *request.method_mut() =
        Method::from_bytes(event.request_context.http.method.as_bytes()).ok()?;
    // A malformed path matches no route; the request still gets a response.
    *request.uri_mut() = event.raw_path.parse().unwrap_or(Uri::from_static("/%00"));

    let headers = request.headers_mut();
    for (name, value) in &event.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.append(name, value);
        }
    }
    if let Ok(cookies) = HeaderValue::try_from(event.cookies.join("; "))
        && !cookies.is_empty()
    {
        headers.insert(COOKIE, cookies);
    }
    let body = event.body.unwrap_or_default();
    *request.body_mut() = if event.is_base64_encoded {
        Bytes::from(STANDARD.decode(body).ok()?)
    } else {
        Bytes::from(body)
    };
    Some(request)
}
