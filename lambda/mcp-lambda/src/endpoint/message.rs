//! Parses the envelope of a JSON-RPC message: method, id, tool and what the client says about itself.

use std::borrow::Cow;

use rmcp::model::{ClientCapabilities, Implementation, RequestId};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::endpoint::client_description::is_understood;
use crate::endpoint::params::is_list;
use crate::endpoint::refusal::Refusal;

/// The parts of a JSON-RPC message that are checked before rmcp parses all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) id: Option<RequestId>,
    pub(crate) method: Option<String>,
    /// `params.name` of a `tools/call`.
    pub(crate) tool: Option<String>,
    /// The MCP client's name. The caller chooses it, like all the rest.
    pub(crate) client: Option<String>,
    /// The revision that the message names.
    pub(crate) protocol_version: Option<String>,
    /// `params._meta.traceparent`.
    pub(crate) traceparent: Option<String>,
    /// `params._meta.tracestate`.
    pub(crate) tracestate: Option<String>,
    /// The subject of a request of another method than `tools/call`: the name, `uri` or `taskId` in its parameters.
    subject: Option<String>,
    /// Why the parameters cannot be those of any method.
    pub(crate) malformed: Option<&'static str>,
    /// The message requests a page of a list with a cursor that is not a string.
    pub(crate) has_malformed_cursor: bool,
    /// The client describes itself in a way that rmcp does not understand.
    pub(crate) is_oddly_described: bool,
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

/// Raw values, so that parsing fails only for a member that occurs twice.
#[derive(Default, Deserialize)]
struct Params<'a> {
    #[serde(default, borrow)]
    name: Option<&'a RawValue>,
    #[serde(default, borrow)]
    uri: Option<&'a RawValue>,
    #[serde(default, borrow, rename = "taskId")]
    task_id: Option<&'a RawValue>,
    #[serde(default, borrow)]
    cursor: Option<&'a RawValue>,
    #[serde(default, borrow)]
    capabilities: Option<&'a RawValue>,
    #[serde(default, borrow, rename = "clientInfo")]
    client_info: Option<&'a RawValue>,
    #[serde(default, borrow, rename = "protocolVersion")]
    protocol_version: Option<&'a RawValue>,
    #[serde(default, borrow, rename = "_meta")]
    meta: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
struct Meta<'a> {
    #[serde(default, borrow, rename = "io.modelcontextprotocol/protocolVersion")]
    protocol_version: Option<&'a RawValue>,
    #[serde(default, borrow, rename = "io.modelcontextprotocol/clientInfo")]
    client_info: Option<&'a RawValue>,
    #[serde(default, borrow, rename = "io.modelcontextprotocol/clientCapabilities")]
    client_capabilities: Option<&'a RawValue>,
    #[serde(default, borrow)]
    traceparent: Option<&'a RawValue>,
    #[serde(default, borrow)]
    tracestate: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct ClientInfo {
    name: String,
}

impl Message {
    /// Whether the message calls a tool, named or not.
    pub(crate) fn calls_tool(&self) -> bool {
        self.method.as_deref() == Some("tools/call")
    }

    /// A message of this method about which nothing else is known.
    pub(crate) fn of_method(method: &str) -> Self {
        Self {
            method: Some(method.to_owned()),
            ..Self::default()
        }
    }

    /// Reads the envelope of one JSON-RPC message (JSON-RPC 2.0 section 4).
    ///
    /// A member that occurs twice is refused, because two parsers could take different ones. Does not check `jsonrpc`
    /// or the parameters: rmcp does.
    pub(crate) fn read(body: &[u8]) -> Result<Self, Refusal> {
        // The parser does not check the encoding of members that it skips (RFC 8259 section 8.1).
        let text = std::str::from_utf8(body).map_err(|_| Refusal::NotJson)?;
        // serde would read an array as the struct's fields in order, so the type is checked first.
        let is_object = first_byte(body) == Some(b'{');
        let envelope: Envelope<'_> = match (serde_json::from_str(text), is_object) {
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
        let params: Params<'_> = object(envelope.params)?;
        let meta: Meta<'_> = object(params.meta)?;
        let method = envelope.method.map(Cow::into_owned);
        let is_call = method.as_deref() == Some("tools/call");
        let subject = match method.as_deref() {
            Some("prompts/get") => params.name,
            Some("resources/read" | "resources/subscribe" | "resources/unsubscribe") => params.uri,
            Some("tasks/get" | "tasks/update" | "tasks/cancel") => params.task_id,
            Some(_) | None => None,
        };
        let malformed = if is_other_than(b'{', envelope.params) {
            Some("params must be an object")
        } else if is_other_than(b'{', params.meta) {
            Some("params._meta must be an object")
        } else {
            None
        };
        let has_malformed_cursor =
            is_other_than(b'"', params.cursor) && method.as_deref().is_some_and(is_list);
        let begins = method.as_deref() == Some("initialize");
        let is_understood = is_understood::<ClientCapabilities>(meta.client_capabilities)
            && is_understood::<Implementation>(meta.client_info)
            && (!begins
                || is_understood::<ClientCapabilities>(params.capabilities)
                    && is_understood::<Implementation>(params.client_info));
        let client: Option<ClientInfo> = value(meta.client_info.or(params.client_info));
        Ok(Self {
            id: value(envelope.id),
            tool: params
                .name
                .filter(|_| is_call)
                .and_then(|name| value(Some(name))),
            client: client.map(|client| client.name),
            protocol_version: value(meta.protocol_version.or(params.protocol_version)),
            traceparent: value(meta.traceparent),
            tracestate: value(meta.tracestate),
            subject: value(subject),
            malformed,
            has_malformed_cursor,
            is_oddly_described: !is_understood,
            method,
        })
    }

    /// Whether the message begins an MCP session.
    pub(crate) fn initializes(&self) -> bool {
        self.method.as_deref() == Some("initialize")
    }

    /// The value that the header `Mcp-Name` repeats.
    pub(crate) fn subject(&self) -> Option<&str> {
        self.tool.as_deref().or(self.subject.as_deref())
    }
}

/// The members of an object; defaults for any other value, which rmcp refuses where it matters.
fn object<'a, T: Deserialize<'a> + Default>(json: Option<&'a RawValue>) -> Result<T, Refusal> {
    match json.map(RawValue::get) {
        Some(json) if first_byte(json.as_bytes()) == Some(b'{') => serde_json::from_str(json)
            .map_err(|_| Refusal::NotOneMessage("a member of the message occurs twice")),
        Some(_) | None => Ok(T::default()),
    }
}

/// Whether the value is present and has another type than this first byte. `null` counts as absent.
fn is_other_than(first: u8, json: Option<&RawValue>) -> bool {
    let found = json.and_then(|json| first_byte(json.get().as_bytes()));
    found.is_some_and(|found| found != first && found != b'n')
}

fn value<'a, T: Deserialize<'a>>(json: Option<&'a RawValue>) -> Option<T> {
    serde_json::from_str(json?.get()).ok()
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
    use crate::endpoint::refusal::Refusal;

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
    fn refuses_what_is_not_utf_8_wherever_it_stands() {
        for body in [
            b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"pi\xffng\"}".as_slice(),
            b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"skipped\":\"\xff\"}",
            b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"\xff\":1}",
        ] {
            assert_eq!(Message::read(body), Err(Refusal::NotJson), "{body:?}");
        }
    }

    #[test]
    fn refuses_a_message_that_two_readers_could_read_differently() {
        for ambiguous in [
            r#"{"method":"tools/list","method":"tools/call","params":{"name":"x"}}"#,
            r#"{"method":"tools/call","params":{"name":"a"},"params":{"name":"b"}}"#,
            r#"{"method":"tools/call","params":{"name":"a","name":"b"}}"#,
            r#"{"method":"tools/call","params":{"name":"a","n\u0061me":"b"}}"#,
            r#"{"method":"tools/call","params":{"name":"a","_meta":{"traceparent":"1","traceparent":"2"}}}"#,
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
