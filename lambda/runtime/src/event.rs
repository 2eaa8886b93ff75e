//! Parses the event of an invocation.

use std::borrow::Cow;
use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue, Method, Request, Uri};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::event_headers::Headers;

/// What an invocation is for.
#[derive(Debug)]
pub enum Event {
    /// A request of a REST API's proxy integration (payload format 1.0).
    Rest(GatewayRequest),
    /// A request of a function URL, or of an HTTP API's proxy integration (payload format 2.0).
    ///
    /// The event's data about the caller (`requestContext.authorizer`) is not read, because nothing in this format is
    /// verified for an MCP server: the access token must be verified.
    FunctionUrl(Request<Bytes>),
    /// A sealed work item, which the function has sent to itself.
    Work(String),
    /// Anything else, such as a warm-up call or an event of the platform.
    Other,
}

/// One HTTP request from API Gateway.
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
    /// The path of the API's resource that matched, such as `/functions/{name}`. The deployment chooses it, not the caller.
    pub resource: Option<String>,
    /// The parameters in that path.
    pub path_parameters: BTreeMap<String, String>,
    /// The id of the API key that API Gateway counts the request against, which it has checked.
    pub api_key_id: Option<String>,
}

/// The members of all kinds of events that a program of this library needs.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Members<'a> {
    #[serde(default, borrow)]
    http_method: Option<Text<'a>>,
    #[serde(default, borrow)]
    path: Option<Text<'a>>,
    resource: Option<String>,
    path_parameters: Option<BTreeMap<String, String>>,
    /// In payload format 1.0 read only without the multi-value form, which contains the same values.
    #[serde(default, borrow)]
    headers: Option<&'a RawValue>,
    multi_value_headers: Option<Headers>,
    /// As the headers: without the multi-value form only.
    #[serde(default, borrow)]
    query_string_parameters: Option<&'a RawValue>,
    #[serde(default, borrow)]
    multi_value_query_string_parameters: Option<&'a RawValue>,
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
    #[serde(default, borrow)]
    request_context: Option<RequestContext<'a>>,
    #[serde(default, borrow)]
    version: Option<Text<'a>>,
    #[serde(default, borrow)]
    raw_path: Option<Text<'a>>,
    #[serde(default)]
    cookies: Vec<String>,
    mcp_lambda_work: Option<String>,
}

/// A string that is borrowed where it has no escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext<'a> {
    request_id: Option<String>,
    authorizer: Option<Authorizer>,
    identity: Option<Identity>,
    #[serde(default, borrow)]
    http: Option<Http<'a>>,
}

#[derive(Deserialize)]
struct Authorizer {
    claims: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Identity {
    api_key_id: Option<String>,
}

#[derive(Deserialize)]
struct Http<'a> {
    #[serde(borrow)]
    method: Cow<'a, str>,
}

/// The claims of the access token from API Gateway's authorizer: the members of a Cognito authorizer, or their JSON from
/// this library's Lambda authorizer, because API Gateway forwards only strings, numbers and booleans of one.
fn claims_of(authorizer: Authorizer) -> Option<Map<String, Value>> {
    match authorizer.claims? {
        Value::Object(members) => Some(members),
        Value::String(text) => serde_json::from_str(&text).ok(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
    }
}

impl Event {
    /// Reads an event, once.
    ///
    /// A header that HTTP does not allow is left out: it cannot have come over HTTP.
    #[must_use]
    pub fn read(event: &[u8]) -> Self {
        // UTF-8 is validated once for the whole event, not string by string.
        let members = std::str::from_utf8(event)
            .ok()
            .and_then(|event| serde_json::from_str::<Members<'_>>(event).ok());
        members
            .and_then(|members| match members {
                Members {
                    http_method: Some(_),
                    ..
                } => members.rest().map(Event::Rest),
                Members {
                    version: Some(Text(ref version)),
                    ..
                } if version == "2.0" => members.function_url().map(Event::FunctionUrl),
                Members {
                    mcp_lambda_work, ..
                } => mcp_lambda_work.map(Event::Work),
            })
            .unwrap_or(Event::Other)
    }
}

/// The event that [`Event::read`] reads as [`Event::Work`].
#[must_use]
pub fn work_event(sealed: &str) -> String {
    json!({ "mcpLambdaWork": sealed }).to_string()
}

impl Members<'_> {
    fn rest(mut self) -> Option<GatewayRequest> {
        let context = self.request_context.take()?;
        let mut request = Request::new(Bytes::new());
        *request.method_mut() = Method::from_bytes(self.http_method.take()?.0.as_bytes()).ok()?;
        *request.uri_mut() = uri(&self.path.take()?.0);
        *request.headers_mut() = match self.multi_value_headers.take() {
            Some(Headers(headers)) if !headers.is_empty() => headers,
            Some(_) | None => self.single_headers()?,
        };
        *request.body_mut() = self.body()?;
        Some(GatewayRequest {
            request,
            claims: context.authorizer.and_then(claims_of),
            query: query(
                self.multi_value_query_string_parameters,
                self.query_string_parameters,
            ),
            request_id: context.request_id,
            resource: self.resource,
            path_parameters: self.path_parameters.unwrap_or_default(),
            api_key_id: context.identity.and_then(|identity| identity.api_key_id),
        })
    }

    /// A repeated header arrives as one value with commas; cookies arrive separately.
    fn function_url(mut self) -> Option<Request<Bytes>> {
        let http = self.request_context.take()?.http?;
        let mut request = Request::new(Bytes::new());
        *request.method_mut() = Method::from_bytes(http.method.as_bytes()).ok()?;
        *request.uri_mut() = uri(&self.raw_path.take()?.0);
        *request.headers_mut() = self.single_headers()?;
        if let Ok(cookies) = HeaderValue::try_from(self.cookies.join("; "))
            && !cookies.is_empty()
        {
            request.headers_mut().insert(COOKIE, cookies);
        }
        *request.body_mut() = self.body()?;
        Some(request)
    }

    /// The headers with one value each.
    fn single_headers(&self) -> Option<HeaderMap> {
        let headers: Option<Headers> = match self.headers {
            Some(headers) => serde_json::from_str(headers.get()).ok()?,
            None => None,
        };
        Some(headers.map_or_else(HeaderMap::new, |Headers(headers)| headers))
    }

    fn body(&mut self) -> Option<Bytes> {
        let body = self.body.take().unwrap_or_default();
        if self.is_base64_encoded {
            STANDARD.decode(body).ok().map(Bytes::from)
        } else {
            Some(Bytes::from(body))
        }
    }
}

/// A malformed path matches no route; the request still gets a response.
fn uri(path: &str) -> Uri {
    path.parse().unwrap_or(Uri::from_static("/%00"))
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
