//! A whole input schema: what its references lead to, and its patterns, compiled once.

use std::collections::BTreeMap;

use regex_lite::Regex;
use rmcp::model::JsonObject;
use serde_json::Value;

/// One input schema with everything that its parts refer to.
pub(super) struct Scope {
    pub(super) root: Value,
    patterns: BTreeMap<String, Regex>,
}

impl Scope {
    /// # Errors
    ///
    /// A pattern cannot be compiled.
    pub(super) fn new(schema: JsonObject) -> Result<Self, ()> {
        let root = Value::Object(schema);
        let mut patterns = BTreeMap::new();
        collect(&root, &mut patterns)?;
        Ok(Self { root, patterns })
    }

    /// Whether the string matches; a pattern is not anchored.
    pub(super) fn matches(&self, pattern: &str, text: &str) -> bool {
        self.patterns
            .get(pattern)
            .is_none_or(|pattern| pattern.is_match(text))
    }

    /// What a reference within the schema leads to; `None` for any other reference.
    pub(super) fn referred(&self, reference: &str) -> Option<&Value> {
        self.root.pointer(reference.strip_prefix('#')?)
    }
}

fn collect(schema: &Value, patterns: &mut BTreeMap<String, Regex>) -> Result<(), ()> {
    match schema {
        Value::Object(members) => {
            if let Some(Value::String(pattern)) = members.get("pattern") {
                compile(pattern, patterns)?;
            }
            if let Some(Value::Object(properties)) = members.get("patternProperties") {
                for pattern in properties.keys() {
                    compile(pattern, patterns)?;
                }
            }
            members
                .values()
                .try_for_each(|part| collect(part, patterns))
        }
        Value::Array(items) => items.iter().try_for_each(|part| collect(part, patterns)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
    }
}

fn compile(pattern: &str, patterns: &mut BTreeMap<String, Regex>) -> Result<(), ()> {
    if !patterns.contains_key(pattern) {
        let compiled = Regex::new(pattern).map_err(|_| ())?;
        patterns.insert(pattern.to_owned(), compiled);
    }
    Ok(())
}
