//! Reads members of JSON values.

use serde_json::Value;

/// A member that is a string.
pub(crate) fn string<'a>(value: &'a Value, member: &str) -> Option<&'a str> {
    value.get(member)?.as_str()
}

/// The items of a member that is a list.
pub(crate) fn list<'a>(value: &'a Value, member: &str) -> impl Iterator<Item = &'a Value> {
    let list = value.get(member).and_then(Value::as_array);
    list.into_iter().flatten()
}
