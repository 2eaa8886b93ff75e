//! Adds CORS headers to responses and responds to preflight requests.

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS, ORIGIN,
    VARY,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use http_body_util::{BodyExt, Empty};
use mcp_lambda_contract::{HttpUrl, McpSettings};

use crate::runtime::response::Response;

/// Lets MCP clients in a browser read responses (Fetch standard, CORS protocol).
///
/// A proxy integration of API Gateway forwards a function's headers and adds none, so the function sends them. It
/// refuses nothing: rmcp responds with 403 to a foreign origin.
#[derive(Clone, Debug)]
pub(crate) struct Cors {
    /// As in [`McpSettings::origins`]: every port is written out; `:*` matches all ports.
    origins: Vec<String>,
    /// The HTTP methods of the endpoint.
    methods: &'static str,
}

impl Cors {
    pub(crate) fn new(settings: &McpSettings, methods: &'static str) -> Self {
        Self {
            origins: settings.origins(),
            methods,
        }
    }

    /// The request's origin, if it is present and allowed.
    pub(crate) fn allowed_origin(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let value = headers.get(ORIGIN)?;
        let origin = value.to_str().ok()?;
        let origin =
            HttpUrl::parse(origin).map_or_else(|_| origin.to_owned(), |url| url.origin_with_port());
        let host = origin.rsplit_once(':').map(|(host, _)| host);
        self.origins
            .iter()
            .any(|allowed| {
                *allowed == origin
                    || (allowed.ends_with(":*") && host == allowed.strip_suffix(":*"))
            })
            .then(|| value.clone())
    }

    /// Adds the headers with which the browser lets the client read the response.
    pub(crate) fn allow(response: &mut Response, origin: HeaderValue) {
        let headers = response.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        let exposed = if headers.contains_key("mcp-session-id") {
            "WWW-Authenticate, Mcp-Session-Id"
        } else {
            "WWW-Authenticate"
        };
        headers.insert(
            ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static(exposed),
        );
        headers.append(VARY, HeaderValue::from_static("Origin"));
    }

    /// Responds to a preflight request; `None` for a foreign origin.
    pub(crate) fn preflight(&self, headers: &HeaderMap) -> Option<Response> {
        let origin = self.allowed_origin(headers)?;
        let mut response = Response::new(Empty::new().boxed());
        *response.status_mut() = StatusCode::NO_CONTENT;
        Self::allow(&mut response, origin);
        let allowed = response.headers_mut();
        allowed.insert(
            ACCESS_CONTROL_ALLOW_METHODS,
            HeaderValue::from_static(self.methods),
        );
        // All requested headers are allowed: the origin is allowed, and clients send headers of their own besides those
        // of the protocol and the `Mcp-Param-*` headers of the tools.
        if let Some(asked) = headers.get(ACCESS_CONTROL_REQUEST_HEADERS) {
            allowed.insert(ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
        }
        allowed.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
        Some(response)
    }
}
