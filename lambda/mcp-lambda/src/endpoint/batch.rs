//! Splits JSON-RPC batches (revision 2025-03-26) into messages and joins their responses.

use std::fmt;

use http::StatusCode;
use http_body_util::BodyExt;
use serde::Deserializer;
use serde::de::{SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::endpoint::message::Message;
use crate::endpoint::refusal::{Refusal, json_response};
use crate::runtime::response::Response;

/// Most messages of one batch.
const MAX_MESSAGES: usize = 32;

/// One message of a batch: its JSON, and what was read of it.
pub(crate) type Part<'a> = (&'a [u8], Result<Message, Refusal>);

/// Whether the body is an array.
pub(crate) fn is_one(body: &[u8]) -> bool {
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    first == Some(&b'[')
}

/// The messages of a batch (JSON-RPC 2.0 section 6).
pub(crate) fn split(body: &[u8]) -> Result<Vec<Part<'_>>, Refusal> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let messages = reader.deserialize_seq(Bounded);
    let messages = messages.and_then(|messages| reader.end().map(|()| messages));
    let messages = messages.map_err(|error| {
        if error.is_data() {
            Refusal::NotOneMessage("the batch has more than 32 messages")
        } else {
            Refusal::NotJson
        }
    })?;
    if messages.is_empty() {
        return Err(Refusal::NotOneMessage("the batch is empty"));
    }
    let parts: Vec<Part<'_>> = messages
        .into_iter()
        .map(|message| (message, Message::read(message)))
        .collect();
    let initializes = |(_, message): &Part<'_>| message.as_ref().is_ok_and(Message::initializes);
    if parts.iter().any(initializes) {
        return Err(Refusal::NotOneMessage(
            "initialize must not be part of a batch",
        ));
    }
    Ok(parts)
}

/// Reads at most `MAX_MESSAGES` messages.
struct Bounded;

impl<'de> Visitor<'de> for Bounded {
    type Value = Vec<&'de [u8]>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "at most {MAX_MESSAGES} messages")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut messages: A) -> Result<Self::Value, A::Error> {
        let mut all = Vec::new();
        while let Some(message) = messages.next_element::<&'de RawValue>()? {
            if all.len() == MAX_MESSAGES {
                return Err(serde::de::Error::invalid_length(MAX_MESSAGES + 1, &self));
            }
            all.push(message.get().as_bytes());
        }
        Ok(all)
    }
}

/// Joins the responses to the messages: an array of all JSON-RPC responses, or an empty body when there is none.
/// Notifications of running tools are left out, because the array holds responses only.
///
/// The status is 200 unless all messages were refused with the same one, as for a foreign origin.
pub(crate) async fn join(responses: Vec<Response>) -> Response {
    let first = responses.first().map_or(StatusCode::OK, Response::status);
    let is_shared = responses.iter().all(|response| response.status() == first);
    let status = if is_shared && !first.is_success() {
        first
    } else {
        StatusCode::OK
    };
    let mut messages = Vec::new();
    for response in responses {
        let Ok(body) = response.into_body().collect().await;
        let body = body.to_bytes();
        if let Ok(message) = serde_json::from_slice::<Value>(&body) {
            messages.push(message);
            continue;
        }
        let events = body.split(|byte| *byte == b'\n');
        messages.extend(
            events
                .filter_map(|line| serde_json::from_slice(line.strip_prefix(b"data:")?).ok())
                .filter(|message: &Value| message.get("method").is_none()),
        );
    }
    if messages.is_empty() {
        let mut nothing = json_response(StatusCode::ACCEPTED, &Value::Null);
        *nothing.body_mut() = http_body_util::Empty::new().boxed();
        nothing.headers_mut().remove(http::header::CONTENT_TYPE);
        return nothing;
    }
    json_response(status, &json!(messages))
}
