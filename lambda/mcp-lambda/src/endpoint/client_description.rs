//! Parses a client's description of itself leniently.
//!
//! A server uses the name and version of a client and a few of its capabilities. A request must not fail because of
//! other members, such as an icon with a theme of a later revision, or an experimental capability that is not an
//! object.

use std::collections::BTreeMap;

use bytes::Bytes;
use rmcp::model::{ClientCapabilities, Implementation};
use serde::de::DeserializeOwned;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};
use serde_path_to_error::{Path, Segment};

/// Most members of one description that are left out; each is found by reading the description once more.
const MOST_LEFT_OUT: usize = 32;

/// The members of one JSON object, each as it was sent.
type Members = BTreeMap<String, Box<RawValue>>;

/// Whether rmcp can parse this value; an absent one is valid.
pub(crate) fn is_understood<T: DeserializeOwned>(json: Option<&RawValue>) -> bool {
    json.is_none_or(|json| serde_json::from_str::<T>(json.get()).is_ok())
}

/// The message with a description that rmcp can read: members that it would not understand are left out, and
/// `true` or an empty list in the position of an object becomes an empty object.
///
/// `None` when nothing can be left out: rmcp refuses a client without a name.
pub(crate) fn tolerate(body: &[u8]) -> Option<Bytes> {
    let mut message: Members = serde_json::from_slice(body).ok()?;
    let mut params = members(message.get("params")?)?;
    // `initialize` describes the client in its parameters, a request of 2026-07-28 in their metadata.
    let mut is_changed = repair::<ClientCapabilities>(&mut params, "capabilities")
        | repair::<Implementation>(&mut params, "clientInfo");
    if let Some(mut meta) = params.get("_meta").and_then(|meta| members(meta)) {
        let prefix = "io.modelcontextprotocol/";
        is_changed |=
            repair::<ClientCapabilities>(&mut meta, &format!("{prefix}clientCapabilities"))
                | repair::<Implementation>(&mut meta, &format!("{prefix}clientInfo"));
        params.insert("_meta".to_owned(), to_raw_value(&meta).ok()?);
    }
    if !is_changed {
        return None;
    }
    message.insert("params".to_owned(), to_raw_value(&params).ok()?);
    serde_json::to_vec(&message).ok().map(Bytes::from)
}

fn members(json: &RawValue) -> Option<Members> {
    serde_json::from_str(json.get()).ok()
}

/// Converts the member to a `T`; `false` when it already is one or cannot be converted.
fn repair<T: DeserializeOwned>(members: &mut Members, name: &str) -> bool {
    let repaired = members
        .get(name)
        .and_then(|raw| serde_json::from_str(raw.get()).ok())
        .and_then(leave_out_unknown::<T>)
        .and_then(|value| to_raw_value(&value).ok());
    let Some(repaired) = repaired else {
        return false;
    };
    members.insert(name.to_owned(), repaired);
    true
}

fn leave_out_unknown<T: DeserializeOwned>(mut value: Value) -> Option<Value> {
    for left_out in 0..=MOST_LEFT_OUT {
        let Err(error) = serde_path_to_error::deserialize::<_, T>(&value) else {
            return (left_out > 0).then_some(value);
        };
        leave_out(&mut value, error.path())?;
    }
    None
}

/// Takes the value at this path out, or makes an empty object of it; `None` when the path leads to the whole.
fn leave_out(whole: &mut Value, path: &Path) -> Option<()> {
    let segments: Vec<&Segment> = path.iter().collect();
    let Some((last, parents)) = segments.split_last() else {
        // Some languages write an empty map as an empty list.
        return (*whole == json!([])).then(|| *whole = json!({}));
    };
    let parent = parents
        .iter()
        .try_fold(whole, |at, segment| child(at, segment))?;
    let value = child(parent, last)?;
    if *value == json!(true) || *value == json!([]) {
        *value = json!({});
        return Some(());
    }
    match (parent, last) {
        (Value::Object(members), Segment::Map { key }) => members.remove(key).map(drop),
        (Value::Array(items), Segment::Seq { index }) => {
            items.remove(*index);
            Some(())
        }
        _ => None,
    }
}

fn child<'a>(at: &'a mut Value, segment: &Segment) -> Option<&'a mut Value> {
    match segment {
        Segment::Map { key } => at.get_mut(key.as_str()),
        Segment::Seq { index } => at.get_mut(*index),
        Segment::Enum { .. } | Segment::Unknown => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::tolerate;

    fn initialize(capabilities: Value, info: Value) -> Value {
        json!({
            "jsonrpc": "2.0", "id": 1, "method": "initialize",
            "params": { "protocolVersion": "2025-11-25", "capabilities": capabilities, "clientInfo": info }
        })
    }

    fn read(message: &Value) -> Option<Value> {
        let body = tolerate(message.to_string().as_bytes())?;
        Some(serde_json::from_slice(&body).unwrap())
    }

    #[test]
    fn leaves_out_what_a_server_does_not_use() {
        let plain = json!({ "name": "c", "version": "1" });
        for (sent, taken) in [
            (json!([]), json!({})),
            (
                json!({ "experimental": { "x": true, "y": 5, "z": {} } }),
                json!({ "experimental": { "x": {}, "z": {} } }),
            ),
            (
                json!({ "extensions": { "x/y": true, "x/z": false }, "sampling": [], "roots": { "listChanged": "yes" } }),
                json!({ "extensions": { "x/y": {} }, "sampling": {}, "roots": {} }),
            ),
            (
                json!({ "elicitation": { "form": true, "url": null }, "later": [1] }),
                json!({ "elicitation": { "form": {}, "url": null }, "later": [1] }),
            ),
        ] {
            assert_eq!(
                read(&initialize(sent, plain.clone())),
                Some(initialize(taken, plain.clone()))
            );
        }
        let odd = json!({
            "name": "c", "version": "1", "title": 5, "description": "d",
            "icons": [{ "src": "a", "sizes": "48x48" }, { "src": "b", "theme": "auto" }, { "src": 5 }, "c"]
        });
        let taken = json!({
            "name": "c", "version": "1", "description": "d", "icons": [{ "src": "a" }, { "src": "b" }]
        });
        assert_eq!(
            read(&initialize(json!({}), odd)),
            Some(initialize(json!({}), taken))
        );
    }

    #[test]
    fn leaves_other_members_as_they_were_sent() {
        let body = br#"{"id":1,"method":"tools/call","params":{"arguments":{"n":100000000000000000001,"f":1.0},"name":"t","_meta":{"io.modelcontextprotocol/clientCapabilities":{"experimental":{"x":true}}}}}"#;
        let taken = tolerate(body).unwrap();
        let taken = std::str::from_utf8(&taken).unwrap();
        assert!(
            taken.contains(r#"{"n":100000000000000000001,"f":1.0}"#),
            "{taken}"
        );
        assert!(taken.contains(r#"{"experimental":{"x":{}}}"#), "{taken}");
    }

    #[test]
    fn does_not_invent_what_a_client_must_say() {
        for (capabilities, info) in [
            (json!({}), json!({ "name": "c" })),
            (json!({}), json!({ "name": 5, "version": "1" })),
            (json!(5), json!({ "name": "c", "version": "1" })),
            (json!({}), json!({ "name": "c", "version": "1" })),
        ] {
            assert_eq!(read(&initialize(capabilities, info)), None);
        }
        let many: serde_json::Map<String, Value> = (0..100)
            .map(|index| (index.to_string(), json!(5)))
            .collect();
        let many = json!({ "experimental": many });
        let info = json!({ "name": "c", "version": "1" });
        assert_eq!(read(&initialize(many, info)), None, "too many");
    }
}
