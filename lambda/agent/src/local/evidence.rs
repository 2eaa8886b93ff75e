//! What a property says of its values: examples, patterns, and the values of earlier results.

use serde_json::Value;

use super::language::{Kind, Word, description_stems, is_identifier, shape};

/// The position of an identifier that the property can be.
pub(super) fn identifier(
    property: &Value,
    stems: &[String],
    free: &[(usize, &Word)],
) -> Option<usize> {
    let words = property
        .get("description")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let listed = property.get("examples").and_then(Value::as_array);
    let examples: Vec<String> = words
        .split(|character: char| !character.is_alphanumeric() && !matches!(character, '-' | '_'))
        .chain(listed.into_iter().flatten().filter_map(Value::as_str))
        .filter(|word| is_identifier(word))
        .map(shape)
        .collect();
    let pattern = property.get("pattern").and_then(Value::as_str);
    let pattern = pattern.and_then(|pattern| regex::Regex::new(pattern).ok());
    let identifying = has(stems, IDENTIFYING) || !examples.is_empty();
    free.iter()
        .filter(|(_, word)| word.kind == Kind::Identifier)
        .find(|(_, word)| match &pattern {
            Some(pattern) => pattern.is_match(&word.raw),
            None => identifying && (examples.is_empty() || examples.contains(&shape(&word.raw))),
        })
        .map(|(at, _)| *at)
}

pub(super) fn described(property: &Value) -> Vec<String> {
    let description = property.get("description").and_then(Value::as_str);
    description.map(description_stems).unwrap_or_default()
}

/// The value that an earlier result has under the property's name.
pub(super) fn remembered(name: &str, stems: &[String], results: &[Value]) -> Option<Value> {
    if !has(stems, IDENTIFYING) {
        return None;
    }
    results.iter().find_map(|result| under(name, result))
}

fn under(name: &str, value: &Value) -> Option<Value> {
    match value {
        Value::Object(object) => {
            let own = object
                .get(name)
                .filter(|value| value.is_string() || value.is_number());
            own.cloned()
                .or_else(|| object.values().find_map(|value| under(name, value)))
        }
        Value::Array(elements) => elements.iter().find_map(|element| under(name, element)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

pub(super) fn has(stems: &[String], words: &[&str]) -> bool {
    stems.iter().any(|stem| words.contains(&stem.as_str()))
}

pub(super) const IDENTIFYING: &[&str] = &[
    "id",
    "ids",
    "sku",
    "code",
    "key",
    "uuid",
    "reference",
    "ref",
    "identifier",
    "number",
];
