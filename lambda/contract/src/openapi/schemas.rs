//! Collects the JSON Schemas of tools as components of an OpenAPI document.

use serde_json::{Map, Value, json};

/// Where the components are.
const PREFIX: &str = "#/components/schemas/";

/// Members of a schema that are a schema.
const SCHEMAS: [&str; 11] = [
    "additionalProperties",
    "contains",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
    "contentSchema",
];
/// Members that are a list of schemas.
const LISTS: [&str; 4] = ["allOf", "anyOf", "oneOf", "prefixItems"];
/// Members that have schemas by name.
const MAPS: [&str; 3] = ["dependentSchemas", "patternProperties", "properties"];
/// Members whose schemas become components of their own.
const DEFINITIONS: [&str; 2] = ["$defs", "definitions"];

/// Components by name.
#[derive(Default)]
pub(super) struct Schemas(Map<String, Value>);

impl Schemas {
    /// Adds a tool's schema under this name and returns a reference to it.
    ///
    /// References of a JSON Schema begin at its own root, those of an OpenAPI document at the document's: definitions become
    /// components, and references to them are adapted.
    pub(super) fn add_tool_schema(&mut self, name: &str, schema: &Value) -> Value {
        let mut schema = schema.clone();
        if let Value::Object(members) = &mut schema {
            members.remove("$schema");
            // The name of a Rust type, which clients would take as a name in the whole document.
            members.remove("title");
            for member in DEFINITIONS {
                let Some(Value::Object(definitions)) = members.remove(member) else {
                    continue;
                };
                for (definition, mut schema) in definitions {
                    adapt(&mut schema, name);
                    self.0
                        .insert(format!("{name}.{}", component_name(&definition)), schema);
                }
            }
        }
        adapt(&mut schema, name);
        self.add(name, schema)
    }

    /// Adds a schema and returns a reference to it.
    pub(super) fn add(&mut self, name: &str, schema: Value) -> Value {
        self.0.insert(name.to_owned(), schema);
        json!({ "$ref": format!("{PREFIX}{name}") })
    }

    pub(super) fn into_map(self) -> Map<String, Value> {
        self.0
    }
}

/// A name in the characters that a component may have. Others become their code.
pub(super) fn component_name(name: &str) -> String {
    name.chars().fold(String::new(), |mut text, character| {
        if character.is_ascii_alphanumeric() || matches!(character, '.' | '_' | '-') {
            text.push(character);
        } else {
            text.push_str(&format!("_{:x}_", u32::from(character)));
        }
        text
    })
}

/// Adapts the references of a schema and of all schemas in it.
fn adapt(schema: &mut Value, name: &str) {
    let Value::Object(members) = schema else {
        return;
    };
    for (member, value) in members {
        match (member.as_str(), value) {
            ("$ref", Value::String(reference)) => {
                *reference = adapted(reference, name);
            }
            (member, Value::Array(schemas)) if LISTS.contains(&member) => {
                schemas.iter_mut().for_each(|schema| adapt(schema, name));
            }
            (member, Value::Object(schemas)) if MAPS.contains(&member) => {
                schemas.values_mut().for_each(|schema| adapt(schema, name));
            }
            (member, schema) if SCHEMAS.contains(&member) => adapt(schema, name),
            _ => {}
        }
    }
}

fn adapted(reference: &str, name: &str) -> String {
    let Some(pointer) = reference.strip_prefix('#') else {
        return reference.to_owned();
    };
    for member in DEFINITIONS {
        let definition = pointer
            .strip_prefix('/')
            .and_then(|pointer| pointer.strip_prefix(member))
            .and_then(|pointer| pointer.strip_prefix('/'));
        if let Some(definition) = definition {
            let (definition, rest) =
                definition.split_at(definition.find('/').unwrap_or(definition.len()));
            // RFC 6901 section 3.
            let definition = definition.replace("~1", "/").replace("~0", "~");
            return format!("{PREFIX}{name}.{}{rest}", component_name(&definition));
        }
    }
    format!("{PREFIX}{name}{pointer}")
}
