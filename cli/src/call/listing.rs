//! Lists tools with their arguments and OAuth scopes for a person.

use std::collections::BTreeMap;

use rmcp::model::Tool;
use serde_json::Value;

use super::kind::Kind;
use crate::visible::visible;

/// The OAuth scopes of each tool, from a contract file. A server does not tell them to its clients.
#[must_use]
pub fn scopes_of_contract(contract: &Value) -> BTreeMap<String, Vec<String>> {
    let tools = contract.get("tools").and_then(Value::as_array);
    let strings = |value: &Value| -> Vec<String> {
        let values = value.as_array().into_iter().flatten();
        values
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    };
    tools
        .into_iter()
        .flatten()
        .filter_map(|tool| {
            let name = tool.get("name")?.as_str()?.to_owned();
            Some((name, strings(tool.get("scopes")?)))
        })
        .collect()
}

/// One paragraph for each tool.
#[must_use]
pub fn listing(tools: &[Tool], scopes: &BTreeMap<String, Vec<String>>) -> String {
    if tools.is_empty() {
        return "no tools".to_owned();
    }
    let paragraphs: Vec<String> = tools.iter().map(|tool| paragraph(tool, scopes)).collect();
    visible(&paragraphs.join("\n\n"))
}

fn paragraph(tool: &Tool, scopes: &BTreeMap<String, Vec<String>>) -> String {
    let scopes = scopes
        .get(tool.name.as_ref())
        .map_or_else(String::new, |scopes| format!("  [{}]", scopes.join(" ")));
    let description = tool.description.as_deref().unwrap_or_default();
    let heading = format!("{}{scopes}  {}", tool.name, first_line(description));
    let schema = tool.input_schema.as_ref();
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let arguments = schema.get("properties").and_then(Value::as_object);
    let arguments = arguments.into_iter().flatten().map(|(name, property)| {
        let need = if required.contains(&name.as_str()) {
            ""
        } else {
            " (optional)"
        };
        let about = property
            .get("description")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let line = format!(
            "  --{name} <{}>{need}  {}",
            Kind::of(property, schema).name(),
            first_line(about)
        );
        let mut line = line.trim_end().to_owned();
        let bounds = bounds(property);
        if !bounds.is_empty() {
            line.push_str(&format!(" [{}]", bounds.join(", ")));
        }
        line
    });
    let mut lines = vec![heading.trim_end().to_owned()];
    lines.extend(arguments);
    lines.join("\n")
}

/// The bounds and the default of an argument, in words: `at least 1`, `default 10`. A default of `null` is none.
fn bounds(property: &Value) -> Vec<String> {
    const WORDS: [(&str, &str, &str); 9] = [
        ("minimum", "at least", ""),
        ("exclusiveMinimum", "more than", ""),
        ("maximum", "at most", ""),
        ("exclusiveMaximum", "less than", ""),
        ("minLength", "at least", " characters"),
        ("maxLength", "at most", " characters"),
        ("minItems", "at least", " items"),
        ("maxItems", "at most", " items"),
        ("default", "default", ""),
    ];
    // The bounds of an argument that may also be null are in the alternative that is not.
    let alternatives = ["anyOf", "oneOf"]
        .iter()
        .filter_map(|name| property.get(name)?.as_array())
        .flatten();
    let schemas: Vec<&Value> = std::iter::once(property).chain(alternatives).collect();
    let value = |keyword: &str| schemas.iter().find_map(|schema| schema.get(keyword));
    WORDS
        .iter()
        .filter_map(|(keyword, words, unit)| {
            let value = value(keyword).filter(|value| !value.is_null())?;
            Some(format!("{words} {value}{unit}"))
        })
        .collect()
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}
