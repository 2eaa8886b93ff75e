//! JSON Schemas of MCP tools as Bedrock's models accept them.
//!
//! Bedrock wants an object at the top, Claude refuses `oneOf`, `anyOf` and `allOf` there, and Nova reads nothing but `type`,
//! `properties` and `required` there and follows no `$ref`. What a schema loses here, the server still checks.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// References inside references are followed so far; a recursive schema becomes "anything" there.
const DEEPEST_REFERENCE: usize = 6;

/// A schema for the model, and what differs from the server's.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Adapted {
    /// The schema.
    pub schema: Map<String, Value>,
    /// The server's names of arguments that have another name for the model.
    pub renamed: BTreeMap<String, String>,
}

impl Adapted {
    /// The model's arguments under the server's names.
    #[must_use]
    pub fn original(&self, arguments: &Map<String, Value>) -> Map<String, Value> {
        let arguments = arguments.iter();
        arguments
            .map(|(name, value)| {
                (
                    self.renamed.get(name).unwrap_or(name).clone(),
                    value.clone(),
                )
            })
            .collect()
    }
}

/// `schema` as Bedrock's models accept it.
#[must_use]
pub fn adapted(schema: &Map<String, Value>) -> Adapted {
    let root = Value::Object(schema.clone());
    let mut top = Map::new();
    if let Value::Object(resolved) = resolved(&root, &root, 0) {
        top = resolved;
    }
    merge_composition(&mut top);
    let properties = match top.remove("properties") {
        Some(Value::Object(properties)) => properties,
        _ => Map::new(),
    };
    let required = match top.remove("required") {
        Some(Value::Array(names)) => names,
        _ => Vec::new(),
    };
    let mut renamed = BTreeMap::new();
    let mut named = Map::new();
    let mut required_names = Vec::new();
    for (name, property) in properties {
        let mut for_model = model_name(&name);
        while named.contains_key(&for_model) {
            for_model.push('_');
        }
        if required.contains(&Value::String(name.clone())) {
            required_names.push(Value::String(for_model.clone()));
        }
        if for_model != name {
            renamed.insert(for_model.clone(), name);
        }
        named.insert(for_model, property);
    }
    let mut adapted = Map::new();
    adapted.insert("type".into(), json!("object"));
    adapted.insert("properties".into(), named.into());
    if !required_names.is_empty() {
        adapted.insert("required".into(), required_names.into());
    }
    Adapted {
        schema: adapted,
        renamed,
    }
}

/// Claude refuses names of arguments outside `[a-zA-Z0-9_.-]{1,64}`; shorter than 64, so that there is room for a suffix.
fn model_name(name: &str) -> String {
    let legal = name.chars().map(|character| match character {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '.' | '-' => character,
        _ => '_',
    });
    let legal: String = legal.collect();
    match legal.len() {
        0 => "_".into(),
        1..=64 => legal,
        _ => legal.chars().take(56).collect(),
    }
}

/// `schema` with each `$ref` replaced by what it names in `root`, without `$defs` and `$schema`.
fn resolved(schema: &Value, root: &Value, depth: usize) -> Value {
    match schema {
        Value::Object(object) => {
            if let Some(reference) = object.get("$ref").and_then(Value::as_str) {
                let target = reference
                    .strip_prefix('#')
                    .and_then(|pointer| root.pointer(pointer))
                    .filter(|_| depth < DEEPEST_REFERENCE);
                let mut target = match target {
                    Some(target) => resolved(target, root, depth + 1),
                    None => json!({}),
                };
                if let Value::Object(target) = &mut target {
                    // A description beside the reference is more specific.
                    let beside = object.iter().filter(|(key, _)| *key != "$ref");
                    target.extend(beside.map(|(key, value)| (key.clone(), value.clone())));
                }
                return target;
            }
            let kept = object.iter().filter(|(key, _)| {
                !matches!(key.as_str(), "$schema" | "$defs" | "definitions" | "$id")
            });
            kept.map(|(key, value)| (key.clone(), resolved(value, root, depth)))
                .collect::<Map<_, _>>()
                .into()
        }
        Value::Array(elements) => elements
            .iter()
            .map(|element| resolved(element, root, depth))
            .collect::<Vec<_>>()
            .into(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => schema.clone(),
    }
}

/// Moves the properties of `allOf`, `anyOf` and `oneOf` to the top. Of alternatives, only what all require is required.
fn merge_composition(top: &mut Map<String, Value>) {
    for (keyword, alternatives) in [("allOf", false), ("anyOf", true), ("oneOf", true)] {
        let Some(Value::Array(schemas)) = top.remove(keyword) else {
            continue;
        };
        let mut required_by_all: Option<Vec<Value>> = None;
        for schema in schemas {
            let Value::Object(mut schema) = schema else {
                continue;
            };
            merge_composition(&mut schema);
            if let Some(Value::Object(properties)) = schema.remove("properties") {
                let own = top.entry("properties").or_insert_with(|| json!({}));
                if let Value::Object(own) = own {
                    for (name, property) in properties {
                        own.entry(name).or_insert(property);
                    }
                }
            }
            let required = match schema.remove("required") {
                Some(Value::Array(required)) => required,
                _ => Vec::new(),
            };
            required_by_all = Some(match required_by_all {
                None => required,
                Some(all) if alternatives => all
                    .into_iter()
                    .filter(|name| required.contains(name))
                    .collect(),
                Some(all) => [all, required].concat(),
            });
        }
        let own = top.entry("required").or_insert_with(|| json!([]));
        if let (Value::Array(own), Some(more)) = (own, required_by_all) {
            for name in more {
                if !own.contains(&name) {
                    own.push(name);
                }
            }
        }
    }
}
