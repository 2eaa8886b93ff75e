//! Splits JSON-RPC batches (revision 2025-03-26) into messages and joins their responses.

use std::fmt;

use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt;
use rmcp::model::ProtocolVersion;
use serde::Deserializer;
use serde::de::{SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::endpoint::message::Message;
use crate::endpoint::refusal::{Answer, Refusal, json_answer};

/// Most messages of one batch.
const MAX_MESSAGES: usize = 32;

/// Whether a request with these headers may be a batch. Revision 2025-03-26 has batches, and its clients do not send
/// `MCP-Protocol-Version`; 2025-06-18 removed batches.
pub(crate) fn is_allowed(headers: &HeaderMap) -> bool {
    headers.get("mcp-protocol-version").is_none_or(|version| {
        version.as_bytes() == ProtocolVersion::V_2025_03_26.as_str().as_bytes()
    })
}

/// The messages of a batch (JSON-RPC 2.0 section 6); `None` when the body is not an array.
pub(crate) fn messages(body: &[u8]) -> Option<Result<Vec<&[u8]>, Refusal>> {
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    (first == Some(&b'[')).then(|| read(body))
}

fn read(body: &[u8]) -> Result<Vec<&[u8]>, Refusal> {
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
    let begins = |message: &&[u8]| {
        Message::read(message).is_ok_and(|message| message.method.as_deref() == Some("initialize"))
    };
    if messages.iter().any(begins) {
        return Err(Refusal::NotOneMessage(
            "initialize must not be part of a batch",
        ));
    }
    Ok(messages)
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
pub(crate) async fn answer(answers: Vec<Answer>) -> Answer {
    let first = answers.first().map_or(StatusCode::OK, Answer::status);
    let is_shared = answers.iter().all(|answer| answer.status() == first);
    let status = if is_shared && !first.is_success() {
        first
    } else {
        StatusCode::OK
    };
    let mut responses = Vec::new();
    for answer in answers {
        let body = match answer.into_body().collect().await {
            Ok(body) => body.to_bytes(),
            Err(never) => match never {},
        };
        if let Ok(response) = serde_json::from_slice::<Value>(&body) {
            responses.push(response);
            continue;
        }
        let events = body.split(|byte| *byte == b'\n');
        responses.extend(
            events
                .filter_map(|line| serde_json::from_slice(line.strip_prefix(b"data:")?).ok())
                .filter(|message: &Value| message.get("method").is_none()),
        );
    }
    if responses.is_empty() {
        let mut nothing = json_answer(StatusCode::ACCEPTED, &Value::Null);
        *nothing.body_mut() = http_body_util::Empty::new().boxed();
        nothing.headers_mut().remove(http::header::CONTENT_TYPE);
        return nothing;
    }
    json_answer(status, &json!(responses))
}
