//! The types of JSON Schema, values that are listed, and how both are shown in an error.

use rmcp::model::JsonObject;
use serde_json::{Number, Value};

/// Largest integer that a number with a fraction or an exponent represents exactly (RFC 8259 section 6).
const LARGEST: f64 = 9_007_199_254_740_991.0;
/// Longest value that an error repeats, in characters.
const SHOWN: usize = 60;

/// A value in an error.
pub(super) fn shown(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= SHOWN {
        return text;
    }
    let start: String = text.chars().take(SHOWN).collect();
    format!("{start}…")
}

/// The name of a value's type in JSON Schema.
fn has_type(value: &Value, kind: &str) -> bool {
    match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "number" => value.is_number(),
        "integer" => value.as_number().is_some_and(is_integer),
        // An unknown type is no reason to refuse a value.
        _ => true,
    }
}

fn is_integer(number: &Number) -> bool {
    !number.is_f64()
        || number
            .as_f64()
            .is_some_and(|float| float.fract() == 0.0 && float.abs() <= LARGEST)
}

/// Equality of JSON Schema: `1` and `1.0` are the same number.
pub(super) fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => compare(left, right).is_eq(),
        _ => left == right,
    }
}

pub(super) fn compare(left: &Number, right: &Number) -> std::cmp::Ordering {
    match (left.as_i128(), right.as_i128()) {
        (Some(left), Some(right)) => left.cmp(&right),
        _ => {
            let float = |number: &Number| number.as_f64().unwrap_or(f64::NAN);
            float(left).total_cmp(&float(right))
        }
    }
}

/// The problem of a value of another type.
pub(super) fn of_type(schema: &JsonObject, value: &Value) -> Option<String> {
    let declared = schema.get("type")?;
    let fits = match declared {
        Value::String(kind) => has_type(value, kind),
        Value::Array(kinds) => kinds
            .iter()
            .filter_map(Value::as_str)
            .any(|kind| has_type(value, kind)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => true,
    };
    (!fits).then(|| format!("must be {}, got {}", kinds(Some(declared)), shown(value)))
}

/// The problem of a value that is not among those that are listed.
pub(super) fn listed(schema: &JsonObject, value: &Value) -> Option<String> {
    if let Some(only) = schema.get("const")
        && !equal(only, value)
    {
        return Some(format!("must be {}, got {}", shown(only), shown(value)));
    }
    let Some(Value::Array(values)) = schema.get("enum") else {
        return None;
    };
    if values.iter().any(|listed| equal(listed, value)) {
        return None;
    }
    let listed: Vec<String> = values.iter().map(shown).collect();
    Some(format!(
        "must be one of {}, got {}",
        listed.join(", "),
        shown(value)
    ))
}

/// Types in words.
pub(super) fn kinds(declared: Option<&Value>) -> String {
    let kind = |kind: &Value| match kind.as_str() {
        Some("null") => "null".to_owned(),
        Some(kind @ ("array" | "integer" | "object")) => format!("an {kind}"),
        Some(kind) => format!("a {kind}"),
        None => "anything".to_owned(),
    };
    match declared {
        Some(Value::Array(kinds)) => kinds.iter().map(kind).collect::<Vec<_>>().join(" or "),
        Some(declared) => kind(declared),
        None => "another form".to_owned(),
    }
}
