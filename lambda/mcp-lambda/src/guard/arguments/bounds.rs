//! The bounds of single values: numbers, strings, the sizes of lists and objects.

use std::collections::BTreeSet;

use rmcp::model::JsonObject;
use serde_json::{Number, Value};

use crate::guard::arguments::types::compare;

/// The problem of a number.
pub(super) fn number(schema: &JsonObject, value: &Number) -> Option<String> {
    let bound = |keyword: &str| schema.get(keyword).and_then(Value::as_number);
    let (least, most) = of_format(schema);
    if let Some(least) = bound("minimum").or(least.as_ref())
        && compare(value, least).is_lt()
    {
        return Some(format!("must be at least {least}"));
    }
    if let Some(most) = bound("maximum").or(most.as_ref())
        && compare(value, most).is_gt()
    {
        return Some(format!("must be at most {most}"));
    }
    if let Some(least) = bound("exclusiveMinimum")
        && compare(value, least).is_le()
    {
        return Some(format!("must be greater than {least}"));
    }
    if let Some(most) = bound("exclusiveMaximum")
        && compare(value, most).is_ge()
    {
        return Some(format!("must be less than {most}"));
    }
    let divisor = bound("multipleOf")?;
    let is_multiple = match (value.as_i128(), divisor.as_i128()) {
        (Some(value), Some(divisor)) => divisor != 0 && value % divisor == 0,
        _ => {
            let quotient = value.as_f64()? / divisor.as_f64()?;
            (quotient - quotient.round()).abs() < 1e-9 * quotient.abs().max(1.0)
        }
    };
    (!is_multiple).then(|| format!("must be a multiple of {divisor}"))
}

/// The bounds of the integer types of Rust, which schemars writes as the format alone.
fn of_format(schema: &JsonObject) -> (Option<Number>, Option<Number>) {
    let bounds = |least: i64, most: u64| (Some(least.into()), Some(most.into()));
    match schema.get("format").and_then(Value::as_str) {
        Some("int32") => bounds(i32::MIN.into(), i32::MAX as u64),
        Some("uint32") => bounds(0, u32::MAX.into()),
        Some("int64") => bounds(i64::MIN, i64::MAX as u64),
        Some("uint64" | "uint") => bounds(0, u64::MAX),
        Some(_) | None => (None, None),
    }
}

/// The problem of a string's length.
pub(super) fn string(schema: &JsonObject, value: &str) -> Option<String> {
    size(
        schema,
        ["minLength", "maxLength"],
        value.chars().count(),
        "character",
    )
}

/// The problem of a list's length.
pub(super) fn list(schema: &JsonObject, items: &[Value]) -> Option<String> {
    if let Some(problem) = size(schema, ["minItems", "maxItems"], items.len(), "item") {
        return Some(problem);
    }
    let is_set = schema.get("uniqueItems") == Some(&Value::Bool(true));
    let distinct = || items.iter().map(Value::to_string).collect::<BTreeSet<_>>();
    (is_set && distinct().len() < items.len())
        .then(|| "must not have the same item twice".to_owned())
}

/// The problem of the number of an object's members.
pub(super) fn members(schema: &JsonObject, members: &JsonObject) -> Option<String> {
    size(
        schema,
        ["minProperties", "maxProperties"],
        members.len(),
        "member",
    )
}

fn size(schema: &JsonObject, [least, most]: [&str; 2], got: usize, unit: &str) -> Option<String> {
    let bound = |keyword: &str| schema.get(keyword).and_then(Value::as_u64);
    let plural = |count: u64| if count == 1 { "" } else { "s" };
    let got = u64::try_from(got).unwrap_or(u64::MAX);
    if let Some(least) = bound(least)
        && got < least
    {
        return Some(format!(
            "must have at least {least} {unit}{}, got {got}",
            plural(least)
        ));
    }
    let most = bound(most).filter(|most| got > *most)?;
    Some(format!(
        "must have at most {most} {unit}{}, got {got}",
        plural(most)
    ))
}
