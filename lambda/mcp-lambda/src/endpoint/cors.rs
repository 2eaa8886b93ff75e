//! Adds CORS headers to responses and responds to preflight requests.

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS, ORIGIN,
    VARY,
};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body_util::{BodyExt, Empty};
use mcp_lambda_contract::{HttpUrl, McpSettings};

use crate::endpoint::refusal::Answer;

/// Lets MCP clients in a browser read answers (Fetch standard, CORS protocol).
///
/// A gateway's proxy integration passes a function's headers on and adds none, so they have to come from here. It
/// refuses nothing: the protocol engine answers 403 to a foreign origin.
#[derive(Clone, Debug)]
pub(crate) struct Cors {
    /// As in [`McpSettings::origins`]: every port is written out; `:*` stands for all ports.
    origins: Vec<String>,
    /// What the endpoint takes.
    methods: &'static str,
}

impl Cors {
    pub(crate) fn new(settings: &McpSettings, methods: &'static str) -> Self {
        Self {
            origins: settings.origins(),
            methods,
        }
    }

    /// The request's origin, when there is one and it is allowed.
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

    /// Adds what the browser needs to hand the answer to the client.
    pub(crate) fn allow(answer: &mut Answer, origin: HeaderValue) {
        let headers = answer.headers_mut();
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

    /// Answers the browser's question before its request; `None` for a foreign origin, which gets no permission.
    pub(crate) fn preflight(&self, headers: &HeaderMap) -> Option<Answer> {
        let origin = self.allowed_origin(headers)?;
        let mut answer = Response::new(Empty::new().boxed());
        *answer.status_mut() = StatusCode::NO_CONTENT;
        Self::allow(&mut answer, origin);
        let allowed = answer.headers_mut();
        allowed.insert(
            ACCESS_CONTROL_ALLOW_METHODS,
            HeaderValue::from_static(self.methods),
        );
        // Whatever is asked for: the origin is one that is let in, and clients have headers of their own besides those of
        // the protocol and the `Mcp-Param-*` of the tools.
        if let Some(asked) = headers.get(ACCESS_CONTROL_REQUEST_HEADERS) {
            allowed.insert(ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
        }
        allowed.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
        Some(answer)
    }
}
