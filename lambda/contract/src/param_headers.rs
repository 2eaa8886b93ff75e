//! Lists and checks the request headers that repeat tool arguments (`x-mcp-header`, MCP 2026-07-28).

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::Tool;
use crate::name_rule::{Characters, NameRule};

/// A request header that repeats an argument of a tool: a field name (RFC 9110 section 5.6.2) without the apostrophe, which
/// API Gateway quotes header values with.
pub const PARAMETER_HEADER: NameRule = NameRule {
    prefix: "Mcp-Param-",
    first: TOKEN,
    other: TOKEN,
    length: 1..=usize::MAX,
};

const TOKEN: Characters = &[
    'A'..='Z',
    'a'..='z',
    '0'..='9',
    '!'..='!',
    '#'..='#',
    '$'..='$',
    '%'..='%',
    '&'..='&',
    '*'..='*',
    '+'..='+',
    '.'..='.',
    '^'..='^',
    '_'..='_',
    '`'..='`',
    '|'..='|',
    '~'..='~',
    '-'..='-',
];

/// The keyword of a tool's input schema (MCP 2026-07-28, custom headers from tool parameters).
const KEYWORD: &str = "x-mcp-header";

/// The request headers that clients must send for arguments of these tools: `Mcp-Param-Region` for a property with
/// `"x-mcp-header": "Region"`. Sorted, and each once, as header names are the same in upper and lower case.
#[must_use]
pub fn param_headers(tools: &[Tool]) -> Vec<String> {
    let mut known = BTreeSet::new();
    let mut headers: Vec<String> = tools
        .iter()
        .flat_map(|tool| annotations(&tool.input_schema))
        .filter_map(|(_, name)| name.as_str())
        .filter(|name| known.insert(name.to_ascii_lowercase()))
        .map(header)
        .collect();
    headers.sort_unstable();
    headers
}

/// Why clients must not offer a tool with this input schema, as the end of a sentence that begins with the tool.
pub(crate) fn problem(schema: &Value) -> Option<&'static str> {
    let mut known = BTreeSet::new();
    let annotations = annotations(schema);
    if count(schema) != annotations.len() {
        return Some(
            "has an x-mcp-header where no client may read one: put it at a property, or at a property of a property",
        );
    }
    annotations.into_iter().find_map(|(property, name)| {
        let is_header = |name: &&str| PARAMETER_HEADER.allows(&header(name));
        let Some(name) = name.as_str().filter(is_header) else {
            return Some("has an x-mcp-header that is no header name: use letters, digits and hyphens");
        };
        if !known.insert(name.to_ascii_lowercase()) {
            return Some("has an x-mcp-header twice: give each property its own");
        }
        let kind = property.get("type").and_then(Value::as_str);
        if !matches!(kind, Some("string" | "integer" | "boolean")) {
            return Some(
                "has an x-mcp-header at a property that is neither a string, an integer nor a boolean",
            );
        }
        None
    })
}

/// Properties with the keyword that lead from the root through properties alone, with its value.
fn annotations(schema: &Value) -> Vec<(&Map<String, Value>, &Value)> {
    let Some(Value::Object(properties)) = schema.get("properties") else {
        return Vec::new();
    };
    properties
        .values()
        .flat_map(|property| {
            let own = property
                .as_object()
                .and_then(|members| Some((members, members.get(KEYWORD)?)));
            own.into_iter().chain(annotations(property))
        })
        .collect()
}

/// How often the keyword occurs anywhere in a schema.
fn count(schema: &Value) -> usize {
    match schema {
        Value::Object(members) => members
            .iter()
            .map(|(keyword, value)| match keyword.as_str() {
                KEYWORD => 1,
                // Values, and names of properties.
                "default" | "const" | "enum" | "examples" | "required" | "dependentRequired" => 0,
                // Schemas by names, and a name may be the keyword.
                "properties" | "patternProperties" | "$defs" | "definitions"
                | "dependentSchemas" => value
                    .as_object()
                    .map_or(0, |schemas| schemas.values().map(count).sum()),
                _ => count(value),
            })
            .sum(),
        Value::Array(schemas) => schemas.iter().map(count).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

fn header(name: &str) -> String {
    format!("{}{name}", PARAMETER_HEADER.prefix)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{param_headers, problem};
    use crate::Tool;

    fn tool(input_schema: Value) -> Tool {
        Tool {
            name: "query".to_owned(),
            title: None,
            description: None,
            icons: Vec::new(),
            input_schema,
            output_schema: None,
            annotations: None,
            scopes: Vec::new(),
            aws_actions: Vec::new(),
            needs_mcp_client: None,
            app: None,
            visibility: Vec::new(),
        }
    }

    fn property(name: &Value) -> Value {
        json!({ "type": "object", "properties": { "p": { "type": "string", "x-mcp-header": name } } })
    }

    #[test]
    fn names_the_headers_of_all_tools_once() {
        let nested = json!({
            "type": "object",
            "properties": {
                "region": { "type": "string", "x-mcp-header": "region" },
                "place": { "type": "object", "properties": { "city": { "type": "string", "x-mcp-header": "City" } } },
                "x-mcp-header": { "type": "string" },
                "plain": { "type": "string", "default": { "x-mcp-header": "No" } }
            }
        });
        assert_eq!(problem(&nested), None);
        let tools = [
            tool(property(&json!("Region"))),
            tool(nested),
            tool(json!({})),
        ];
        assert_eq!(
            param_headers(&tools),
            ["Mcp-Param-City", "Mcp-Param-Region"]
        );
    }

    #[test]
    fn says_why_clients_would_not_offer_a_tool() {
        let integer = json!({ "type": "number", "x-mcp-header": "N" });
        for (schema, start) in [
            (
                property(&json!("")),
                "has an x-mcp-header that is no header name",
            ),
            (
                property(&json!(5)),
                "has an x-mcp-header that is no header name",
            ),
            (
                property(&json!("a b")),
                "has an x-mcp-header that is no header name",
            ),
            (
                property(&json!("It's")),
                "has an x-mcp-header that is no header name",
            ),
            (
                json!({ "properties": { "n": integer } }),
                "has an x-mcp-header at a property that is neither",
            ),
            (
                json!({ "properties": {
                    "a": { "type": "string", "x-mcp-header": "A" },
                    "b": { "type": "string", "x-mcp-header": "a" }
                } }),
                "has an x-mcp-header twice",
            ),
            (
                json!({ "x-mcp-header": "Root" }),
                "has an x-mcp-header where no client may read one",
            ),
            (
                json!({ "properties": { "l": { "type": "array", "items": { "type": "string", "x-mcp-header": "A" } } } }),
                "has an x-mcp-header where no client may read one",
            ),
            (
                json!({ "anyOf": [{ "properties": { "a": { "type": "string", "x-mcp-header": "A" } } }] }),
                "has an x-mcp-header where no client may read one",
            ),
        ] {
            let problem = problem(&schema).unwrap();
            assert!(problem.starts_with(start), "{schema}: {problem}");
        }
    }
}
