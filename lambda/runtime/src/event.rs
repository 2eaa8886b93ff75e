//! Parses events of a REST API (payload format 1.0) into HTTP requests and claims.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::event_headers::Headers;

/// The members of a REST API's Lambda proxy event (payload format 1.0) that an MCP server needs.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProxyEvent<'a> {
    #[serde(borrow)]
    http_method: Cow<'a, str>,
    #[serde(borrow)]
    path: Cow<'a, str>,
    /// Read only without the multi-value form, which contains the same values.
    #[serde(default, borrow)]
    headers: Option<&'a RawValue>,
    #[serde(default)]
    multi_value_headers: Option<Headers>,
    /// As the headers: without the multi-value form only.
    #[serde(default, borrow)]
    query_string_parameters: Option<&'a RawValue>,
    #[serde(default, borrow)]
    multi_value_query_string_parameters: Option<&'a RawValue>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
    request_context: RequestContext,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext {
    #[serde(default)]
    request_id: Option<String>,
    #[serde(default)]
    authorizer: Option<Authorizer>,
}

#[derive(Deserialize)]
struct Authorizer {
    #[serde(default)]
    claims: Option<Claims>,
}

/// The claims of the access token from API Gateway's authorizer.
#[derive(Debug)]
enum Claims {
    /// From a Cognito authorizer.
    Members(Map<String, Value>),
    /// From this library's Lambda authorizer, as JSON: API Gateway forwards only strings, numbers and booleans of a
    /// Lambda authorizer.
    Text(String),
}

impl<'de> Deserialize<'de> for Claims {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ClaimsVisitor)
    }
}

struct ClaimsVisitor;

impl<'de> Visitor<'de> for ClaimsVisitor {
    type Value = Claims;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("claims, or their JSON as a text")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Claims, A::Error> {
        Map::deserialize(MapAccessDeserializer::new(members)).map(Claims::Members)
    }

    fn visit_str<E>(self, text: &str) -> Result<Claims, E> {
        Ok(Claims::Text(text.to_owned()))
    }
}

impl Claims {
    fn members(self) -> Option<Map<String, Value>> {
        match self {
            Claims::Members(members) => Some(members),
            Claims::Text(text) => serde_json::from_str(&text).ok(),
        }
    }
}

/// One HTTP request from an event.
#[derive(Debug)]
pub struct GatewayRequest {
    /// The request as it reached API Gateway.
    pub request: Request<Bytes>,
    /// The claims of the access token that API Gateway's authorizer verified; `None` without an authorizer.
    pub claims: Option<Map<String, Value>>,
    /// The decoded parameters of the query, repeated ones kept. MCP has none.
    pub query: Vec<(String, String)>,
    /// API Gateway's identifier of the request.
    pub request_id: Option<String>,
}

/// Reads an event; `None` when it is not a request of a REST API, such as a warm-up call or an event of the
/// platform.
///
/// A header that HTTP does not allow is left out: it cannot have come over HTTP.
#[must_use]
pub fn read_event(event: &[u8]) -> Option<GatewayRequest> {
    // UTF-8 is validated once for the whole event, not string by string.
    let event = std::str::from_utf8(event).ok()?;
    let event: ProxyEvent = serde_json::from_str(event).ok()?;
    let mut request = Request::new(Bytes::new());
    *request.method_mut() = Method::from_bytes(event.http_method.as_bytes()).ok()?;
    *request.uri_mut() = event.path.parse().ok()?;

    *request.headers_mut() = match event.multi_value_headers {
        Some(Headers(headers)) if !headers.is_empty() => headers,
        Some(_) | None => match event.headers {
            Some(single) => serde_json::from_str::<Option<Headers>>(single.get())
                .ok()?
                .map_or_else(HeaderMap::new, |Headers(headers)| headers),
            None => HeaderMap::new(),
        },
    };
    let body = event.body.unwrap_or_default();
    *request.body_mut() = if event.is_base64_encoded {
        Bytes::from(STANDARD.decode(body).ok()?)
    } else {
        Bytes::from(body)
    };
    Some(GatewayRequest {
        request,
        query: query(
            event.multi_value_query_string_parameters,
            event.query_string_parameters,
        ),
        request_id: event.request_context.request_id,
        claims: event
            .request_context
            .authorizer
            .and_then(|authorizer| authorizer.claims)
            .and_then(Claims::members),
    })
}

fn query(multiple: Option<&RawValue>, single: Option<&RawValue>) -> Vec<(String, String)> {
    type Multiple = Option<BTreeMap<String, Vec<String>>>;
    type Single = Option<BTreeMap<String, String>>;
    let multiple = multiple.and_then(|text| serde_json::from_str::<Multiple>(text.get()).ok()?);
    if let Some(multiple) = multiple.filter(|parameters| !parameters.is_empty()) {
        return multiple
            .into_iter()
            .flat_map(|(name, values)| values.into_iter().map(move |value| (name.clone(), value)))
            .collect();
    }
    let single = single.and_then(|text| serde_json::from_str::<Single>(text.get()).ok()?);
    single.into_iter().flatten().collect()
}
