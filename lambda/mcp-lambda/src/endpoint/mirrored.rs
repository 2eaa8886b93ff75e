//! Checks request headers that repeat a part of the body for policies at the edge.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;

use crate::endpoint::message::Message;
use crate::endpoint::refusal::Refusal;

const METHOD: &str = "mcp-method";
const NAME: &str = "mcp-name";

/// Whether the request has any of these headers.
pub(crate) fn is_any(headers: &HeaderMap) -> bool {
    headers.contains_key(METHOD) || headers.contains_key(NAME)
}

/// Refuses headers that contradict the message. Revisions before 2026-07-28 do not ask for them, but a policy may rely
/// on those that are there. From that revision on the engine checks them, and that they are there.
pub(crate) fn check(headers: &HeaderMap, message: &Message) -> Result<(), Refusal> {
    let method = message.method.as_deref();
    if is_contradicted(headers, METHOD, method, |value| Some(value.to_owned())) {
        return Err(Refusal::HeaderMismatch(
            "the Mcp-Method header must be the method of the body, or be left out",
        ));
    }
    if is_contradicted(headers, NAME, message.subject(), decoded) {
        return Err(Refusal::HeaderMismatch(
            "the Mcp-Name header must be the name, uri or taskId of the body, or be left out",
        ));
    }
    Ok(())
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
fn decoded(value: &str) -> Option<String> {
    let encoded = value
        .strip_prefix("=?base64?")
        .and_then(|value| value.strip_suffix("?="));
    match encoded {
        Some(encoded) => String::from_utf8(STANDARD.decode(encoded).ok()?).ok(),
        None => Some(value.to_owned()),
    }
}
