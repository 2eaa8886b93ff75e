//! The events of a reply in the framing of AWS event streams, as ConverseStream sends them.

use std::time::Duration;

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use bytes::Bytes;
use serde_json::{Value, json};

use crate::converse::{StopReason, Usage};
use crate::model::{ModelError, StreamEvent};

/// Names a reply's events in their order, and closes each block before the next begins.
#[derive(Debug, Default)]
pub(super) struct Framing {
    started: bool,
    block: Option<u32>,
}

impl Framing {
    /// The frames of `event`; `elapsed` is the time since the request.
    pub(super) fn frames(&mut self, event: StreamEvent, elapsed: Duration) -> Bytes {
        let mut bytes = Vec::new();
        if !std::mem::replace(&mut self.started, true) {
            frame(
                &mut bytes,
                "event",
                "messageStart",
                &json!({ "role": "assistant" }),
            );
        }
        let mut delta = |framing: &mut Self, block: u32, delta: Value| {
            framing.enter(&mut bytes, block);
            let payload = json!({ "contentBlockIndex": block, "delta": delta });
            frame(&mut bytes, "event", "contentBlockDelta", &payload);
        };
        match event {
            StreamEvent::Text { block, text } => delta(self, block, json!({ "text": text })),
            StreamEvent::Reasoning { block, text } => {
                delta(self, block, json!({ "reasoningContent": { "text": text } }));
            }
            StreamEvent::Signature { block, signature } => {
                let reasoning = json!({ "reasoningContent": { "signature": signature } });
                delta(self, block, reasoning);
            }
            StreamEvent::Redacted { block, base64 } => {
                let reasoning = json!({ "reasoningContent": { "redactedContent": base64 } });
                delta(self, block, reasoning);
            }
            StreamEvent::Arguments { block, json } => {
                delta(self, block, json!({ "toolUse": { "input": json } }));
            }
            StreamEvent::Call { block, id, name } => {
                self.enter(&mut bytes, block);
                let start = json!({ "toolUse": { "toolUseId": id, "name": name } });
                let payload = json!({ "contentBlockIndex": block, "start": start });
                frame(&mut bytes, "event", "contentBlockStart", &payload);
            }
            StreamEvent::Stop(reason) => {
                self.leave(&mut bytes);
                frame(
                    &mut bytes,
                    "event",
                    "messageStop",
                    &json!({ "stopReason": reason }),
                );
            }
            StreamEvent::Usage(usage) => {
                let metrics = json!({ "latencyMs": millis(elapsed) });
                let payload = json!({ "usage": used(usage), "metrics": metrics });
                frame(&mut bytes, "event", "metadata", &payload);
            }
        }
        bytes.into()
    }

    fn enter(&mut self, bytes: &mut Vec<u8>, block: u32) {
        if self.block != Some(block) {
            self.leave(bytes);
            self.block = Some(block);
        }
    }

    fn leave(&mut self, bytes: &mut Vec<u8>) {
        if let Some(block) = self.block.take() {
            frame(
                bytes,
                "event",
                "contentBlockStop",
                &json!({ "contentBlockIndex": block }),
            );
        }
    }
}

/// The frame of an error in the middle of a stream.
pub(super) fn exception(error: &ModelError) -> Bytes {
    let mut bytes = Vec::new();
    let mut name = exception_name(error).1.to_owned();
    name.get_mut(..1)
        .map(str::make_ascii_lowercase)
        .unwrap_or_default();
    frame(
        &mut bytes,
        "exception",
        &name,
        &json!({ "message": error.to_string() }),
    );
    bytes.into()
}

/// The status and the name of Bedrock's exception for `error`.
pub(super) fn exception_name(error: &ModelError) -> (u16, &'static str) {
    match error {
        ModelError::Throttled(_) => (429, "ThrottlingException"),
        ModelError::Unavailable(_) => (503, "ServiceUnavailableException"),
        ModelError::Cut(_) => (424, "ModelStreamErrorException"),
        ModelError::AccessDenied(_) => (403, "AccessDeniedException"),
        ModelError::Credentials(_) => (403, "UnrecognizedClientException"),
        ModelError::NotFound(_) => (404, "ResourceNotFoundException"),
        ModelError::TooLong(_) | ModelError::Refused(_) => (400, "ValidationException"),
    }
}

/// The token counts as Converse names them.
pub(super) fn used(usage: Usage) -> Value {
    json!({
        "inputTokens": usage.input_tokens,
        "outputTokens": usage.output_tokens,
        "totalTokens": usage.input_tokens + usage.output_tokens,
    })
}

/// The name of a reason to stop.
pub(super) fn stop_name(reason: StopReason) -> Value {
    json!(reason)
}

/// Whole milliseconds.
pub(super) fn millis(elapsed: Duration) -> u64 {
    u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
}

fn frame(bytes: &mut Vec<u8>, kind: &'static str, name: &str, payload: &Value) {
    let text = |value: String| HeaderValue::String(value.into());
    let type_header = if kind == "event" {
        ":event-type"
    } else {
        ":exception-type"
    };
    let message = Message::new(payload.to_string())
        .add_header(Header::new(":message-type", text(kind.into())))
        .add_header(Header::new(type_header, text(name.into())))
        .add_header(Header::new(
            ":content-type",
            text("application/json".into()),
        ));
    // The only failure is a header or payload beyond the format's 16 MiB: such a frame is left out, and the SDK reports
    // a stream that ended early.
    let length = bytes.len();
    if write_message_to(&message, bytes).is_err() {
        bytes.truncate(length);
    }
}
