use std::borrow::Cow;

use rmcp::model::RequestId;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::refusal::Refusal;

/// As much of a JSON-RPC message as the wall has to know before the protocol engine reads all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) id: Option<RequestId>,
    pub(crate) method: Option<String>,
    /// `params.name` of a `tools/call`.
    pub(crate) tool: Option<String>,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(default, borrow)]
    id: Option<&'a RawValue>,
    #[serde(default)]
    method: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    params: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct ToolCallParams {
    name: String,
}

impl Message {
    /// Reads the envelope of one JSON-RPC message (JSON-RPC 2.0 section 4).
    ///
    /// A member that occurs twice is refused, because two readers could take different ones. Does not check
    /// `jsonrpc` nor the parameters: the protocol engine does.
    pub(crate) fn read(body: &[u8]) -> Result<Self, Refusal> {
        // serde would read an array as the struct's fields in order, so the shape is looked at first.
        let is_object = first_byte(body) == Some(b'{');
        let envelope: Envelope<'_> = match (serde_json::from_slice(body), is_object) {
            (Ok(envelope), true) => envelope,
            (Err(error), _) if !error.is_data() => return Err(Refusal::NotJson),
            (Ok(_) | Err(_), _) if first_byte(body) == Some(b'[') => {
                return Err(Refusal::NotOneMessage(
                    "batches are not supported, send one JSON-RPC message per request",
                ));
            }
            (Ok(_) | Err(_), _) => {
                return Err(Refusal::NotOneMessage(
                    "the body is not one JSON-RPC message",
                ));
            }
        };
        let method = envelope.method.map(Cow::into_owned);
        let tool = match (method.as_deref(), envelope.params) {
            (Some("tools/call"), Some(params))
                if first_byte(params.get().as_bytes()) == Some(b'{') =>
            {
                serde_json::from_str::<ToolCallParams>(params.get())
                    .ok()
                    .map(|params| params.name)
            }
            (Some(_) | None, _) => None,
        };
        Ok(Self {
            id: envelope
                .id
                .and_then(|id| serde_json::from_str(id.get()).ok()),
            method,
            tool,
        })
    }
}

fn first_byte(json: &[u8]) -> Option<u8> {
    json.iter()
        .copied()
        .find(|byte| !byte.is_ascii_whitespace())
}

#[cfg(test)]
mod tests {
    use rmcp::model::RequestId;

    use super::Message;
    use crate::refusal::Refusal;

    #[test]
    fn reads_id_method_and_the_called_tool() {
        let message = Message::read(
            br#"{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"arguments":{"name":"no"},"name":"getDogFacts"}}"#,
        )
        .unwrap();
        assert_eq!(message.id, Some(RequestId::String("a".into())));
        assert_eq!(message.method.as_deref(), Some("tools/call"));
        assert_eq!(message.tool.as_deref(), Some("getDogFacts"));
        let other = Message::read(
            br#"{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":"x"}}"#,
        )
        .unwrap();
        assert_eq!(other.tool, None);
    }

    #[test]
    fn tells_garbage_from_batches_and_other_json() {
        for garbage in ["", "{", "hello", "{\"id\":1,}", "\u{0}"] {
            assert_eq!(
                Message::read(garbage.as_bytes()),
                Err(Refusal::NotJson),
                "{garbage:?}"
            );
        }
        assert!(matches!(
            Message::read(b" [{\"jsonrpc\":\"2.0\"}]"),
            Err(Refusal::NotOneMessage(rule)) if rule.starts_with("batches")
        ));
        for other in ["1", "\"text\"", "null", "{\"method\":1}"] {
            assert!(
                matches!(
                    Message::read(other.as_bytes()),
                    Err(Refusal::NotOneMessage(_))
                ),
                "{other}"
            );
        }
    }

    #[test]
    fn refuses_a_message_that_two_readers_could_read_differently() {
        for ambiguous in [
            r#"{"method":"tools/list","method":"tools/call","params":{"name":"x"}}"#,
            r#"{"method":"tools/call","params":{"name":"a"},"params":{"name":"b"}}"#,
        ] {
            assert!(
                matches!(
                    Message::read(ambiguous.as_bytes()),
                    Err(Refusal::NotOneMessage(_))
                ),
                "{ambiguous}"
            );
        }
    }
}
