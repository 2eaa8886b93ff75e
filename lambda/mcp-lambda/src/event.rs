use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request};
use serde::Deserialize;
use serde_json::{Map, Value};

/// The event of a REST API's Lambda proxy integration (payload format 1.0), as far as an MCP server needs it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProxyEvent {
    http_method: String,
    path: String,
    #[serde(default)]
    headers: Option<BTreeMap<String, Option<String>>>,
    #[serde(default)]
    multi_value_headers: Option<BTreeMap<String, Option<Vec<String>>>>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
    request_context: RequestContext,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext {
    #[serde(default)]
    authorizer: Option<Authorizer>,
}

#[derive(Debug, Deserialize)]
struct Authorizer {
    #[serde(default)]
    claims: Option<Claims>,
}

/// What an authorizer of the gateway read out of the access token.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Claims {
    /// A Cognito authorizer's.
    Members(Map<String, Value>),
    /// Our gate's, as JSON: API Gateway hands only texts, numbers and booleans of a Lambda authorizer on.
    Text(String),
}

impl Claims {
    fn members(self) -> Option<Map<String, Value>> {
        match self {
            Claims::Members(members) => Some(members),
            Claims::Text(text) => serde_json::from_str(&text).ok(),
        }
    }
}

/// One HTTP request out of an event.
#[derive(Debug)]
pub(crate) struct GatewayRequest {
    pub(crate) request: Request<Bytes>,
    /// What the gateway's authorizer read out of the access token it verified; `None` when it verified none.
    pub(crate) claims: Option<Map<String, Value>>,
}

/// Reads an event; `None` when it is not a request of a REST API, such as a warm-up call or an event of the
/// platform.
///
/// A header that HTTP does not allow is left out: it cannot have come over HTTP. Does not read the query string,
/// which MCP does not use.
pub(crate) fn read_event(event: &[u8]) -> Option<GatewayRequest> {
    let event: ProxyEvent = serde_json::from_slice(event).ok()?;
    let mut request = Request::new(Bytes::new());
    *request.method_mut() = Method::from_bytes(event.http_method.as_bytes()).ok()?;
    *request.uri_mut() = event.path.parse().ok()?;

    let headers = request.headers_mut();
    let mut add = |name: &str, value: &str| {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.append(name, value);
        }
    };
    // The multi-value form holds everything that the single-value form holds.
    match event
        .multi_value_headers
        .filter(|headers| !headers.is_empty())
    {
        Some(headers) => {
            for (name, values) in &headers {
                values.iter().flatten().for_each(|value| add(name, value));
            }
        }
        None => {
            for (name, value) in &event.headers.unwrap_or_default() {
                value.iter().for_each(|value| add(name, value));
            }
        }
    }
    let body = event.body.unwrap_or_default();
    *request.body_mut() = if event.is_base64_encoded {
        Bytes::from(STANDARD.decode(body).ok()?)
    } else {
        Bytes::from(body)
    };
    Some(GatewayRequest {
        request,
        claims: event
            .request_context
            .authorizer
            .and_then(|authorizer| authorizer.claims)
            .and_then(Claims::members),
    })
}
