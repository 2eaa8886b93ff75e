//! Checks request headers that repeat a part of the body for policies at the edge.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use rmcp::model::JsonObject;
use serde::Deserialize;
use serde_json::Value;

use crate::endpoint::message::Message;
use crate::endpoint::refusal::Refusal;

const METHOD: &str = "mcp-method";
const NAME: &str = "mcp-name";
/// Begins the headers of arguments, which a tool's schema names by `x-mcp-header`.
const ARGUMENT: &str = "mcp-param-";

/// Whether the request has any of these headers.
pub(crate) fn is_any(headers: &HeaderMap) -> bool {
    headers.contains_key(METHOD) || headers.contains_key(NAME) || is_any_argument(headers)
}

fn is_any_argument(headers: &HeaderMap) -> bool {
    headers
        .keys()
        .any(|name| name.as_str().starts_with(ARGUMENT))
}

/// Refuses headers that contradict the message. Revisions before 2026-07-28 do not ask for them, but a policy may rely
/// on those that are there. From that revision on rmcp checks them, and that they are there.
pub(crate) fn check(headers: &HeaderMap, message: &Message) -> Result<(), Refusal> {
    let method = message.method.as_deref();
    if is_contradicted(headers, METHOD, method, |value| Some(value.to_owned())) {
        return Err(Refusal::HeaderMismatch(
            "the Mcp-Method header must be the method of the body, or be left out",
        ));
    }
    if is_contradicted(headers, NAME, message.subject(), decode_value) {
        return Err(Refusal::HeaderMismatch(
            "the Mcp-Name header must be the name, uri or taskId of the body, or be left out",
        ));
    }
    Ok(())
}

#[derive(Deserialize)]
struct Call {
    params: Params,
}

#[derive(Deserialize)]
struct Params {
    #[serde(default)]
    arguments: Value,
}

/// The same about the headers that repeat arguments of a tool with this input schema.
pub(crate) fn check_arguments(
    headers: &HeaderMap,
    schema: &JsonObject,
    body: &[u8],
) -> Result<(), Refusal> {
    if !is_any_argument(headers) {
        return Ok(());
    }
    // Parameters that cannot be read agree with no header.
    let agrees = serde_json::from_slice(body)
        .is_ok_and(|call: Call| !contradicts(headers, schema, &call.params.arguments));
    if agrees {
        Ok(())
    } else {
        Err(Refusal::HeaderMismatch(
            "an Mcp-Param-* header must be the argument of the body that it repeats, or be left out",
        ))
    }
}

fn contradicts(headers: &HeaderMap, schema: &JsonObject, arguments: &Value) -> bool {
    let Some(Value::Object(properties)) = schema.get("properties") else {
        return false;
    };
    properties.iter().any(|(name, property)| {
        let argument = arguments.get(name).unwrap_or(&Value::Null);
        let text = match argument {
            Value::String(text) => Some(text.clone()),
            Value::Bool(_) | Value::Number(_) => Some(argument.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        };
        let header = property.get("x-mcp-header").and_then(Value::as_str);
        let is_contradicted = header.is_some_and(|header| {
            let header = format!("{ARGUMENT}{}", header.to_ascii_lowercase());
            is_contradicted(headers, &header, text.as_deref(), decode_value)
        });
        is_contradicted
            || property
                .as_object()
                .is_some_and(|property| contradicts(headers, property, argument))
    })
}

/// A header that occurs twice contradicts itself.
fn is_contradicted(
    headers: &HeaderMap,
    name: &str,
    body: Option<&str>,
    decode: impl Fn(&str) -> Option<String>,
) -> bool {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else {
        return false;
    };
    let said = value.to_str().ok().and_then(decode);
    values.next().is_some() || said.is_none() || said.as_deref() != body
}

/// The value of a header that may be encoded as `=?base64?…?=` (2026-07-28, value encoding).
fn decode_value(value: &str) -> Option<String> {
    let encoded = value
        .strip_prefix("=?base64?")
        .and_then(|value| value.strip_suffix("?="));
    match encoded {
        Some(encoded) => String::from_utf8(STANDARD.decode(encoded).ok()?).ok(),
        None => Some(value.to_owned()),
    }
}
