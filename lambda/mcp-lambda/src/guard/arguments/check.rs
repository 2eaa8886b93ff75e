//! Walks a schema and a value side by side and collects every problem.

use std::fmt::Write as _;

use rmcp::model::JsonObject;
use serde_json::Value;

use crate::guard::arguments::bounds;
use crate::guard::arguments::scope::Scope;
use crate::guard::arguments::types::{equal, kinds, listed, of_type, shown};

/// Deepest nesting of schemas: a schema may refer to itself without an end.
const DEPTH: usize = 128;

/// One check of the arguments of a call.
///
/// Knows what schemars writes: `type`, `enum`, `const`, the bounds of numbers, strings, lists and objects, `pattern`, `required`,
/// `properties`, `patternProperties`, `additionalProperties`, `items`, `prefixItems`, references within the schema, `allOf`, `anyOf`
/// and `oneOf` (as `anyOf`). Any other keyword (`format` of a string, `not`, `if`, `contains`, …) refuses nothing.
pub(super) struct Check<'a> {
    scope: &'a Scope,
    path: String,
    problems: Vec<String>,
}

impl<'a> Check<'a> {
    pub(super) fn new(scope: &'a Scope) -> Self {
        Self {
            scope,
            path: String::new(),
            problems: Vec::new(),
        }
    }

    pub(super) fn into_problems(self) -> Vec<String> {
        self.problems
    }

    /// Checks all arguments of the call.
    pub(super) fn arguments(&mut self, arguments: &JsonObject) {
        if let Value::Object(root) = &self.scope.root {
            self.object(root, arguments, 0);
            self.combined(root, &Value::Object(arguments.clone()), 0);
        }
    }

    fn problem(&mut self, rule: impl AsRef<str>) {
        let rule = rule.as_ref();
        self.problems.push(if self.path.is_empty() {
            format!("the arguments {rule}")
        } else {
            format!("{}: {rule}", self.path)
        });
    }

    fn value(&mut self, schema: &'a Value, value: &Value, depth: usize) {
        if depth > DEPTH {
            return;
        }
        if *schema == Value::Bool(false) {
            return self.problem("is not allowed");
        }
        let Value::Object(schema) = schema else {
            return;
        };
        if let Some(problem) = of_type(schema, value).or_else(|| listed(schema, value)) {
            // The bounds of another type would say nothing new.
            return self.problem(problem);
        }
        match value {
            Value::Number(number) => {
                if let Some(rule) = bounds::number(schema, number) {
                    self.problem(format!("{rule}, got {number}"));
                }
            }
            Value::String(text) => self.string(schema, text),
            Value::Array(items) => self.list(schema, items, depth),
            Value::Object(members) => self.object(schema, members, depth),
            Value::Null | Value::Bool(_) => {}
        }
        self.combined(schema, value, depth);
    }

    fn string(&mut self, schema: &JsonObject, text: &str) {
        if let Some(rule) = bounds::string(schema, text) {
            self.problem(rule);
        }
        if let Some(pattern) = schema.get("pattern").and_then(Value::as_str)
            && !self.scope.matches(pattern, text)
        {
            let got = shown(&Value::from(text));
            self.problem(format!("must match {pattern}, got {got}"));
        }
    }

    fn list(&mut self, schema: &'a JsonObject, items: &[Value], depth: usize) {
        if let Some(rule) = bounds::list(schema, items) {
            self.problem(rule);
        }
        let end = self.path.len();
        let first = schema.get("prefixItems").and_then(Value::as_array);
        for (index, item) in items.iter().enumerate() {
            let first = first.and_then(|first| first.get(index));
            if let Some(schema) = first.or_else(|| schema.get("items")) {
                // Writing into a String cannot fail.
                let _ = write!(self.path, "[{index}]");
                self.value(schema, item, depth + 1);
                self.path.truncate(end);
            }
        }
    }

    fn object(&mut self, schema: &'a JsonObject, members: &JsonObject, depth: usize) {
        if let Some(rule) = bounds::members(schema, members) {
            self.problem(rule);
        }
        let required = schema.get("required").and_then(Value::as_array);
        for name in required.into_iter().flatten().filter_map(Value::as_str) {
            if !members.contains_key(name) {
                self.member(name, |check| check.problem("is required"));
            }
        }
        for (name, value) in members {
            self.member(name, |check| check.named(schema, name, value, depth));
        }
    }

    fn member(&mut self, name: &str, check: impl FnOnce(&mut Self)) {
        let end = self.path.len();
        if end > 0 {
            self.path.push('.');
        }
        self.path.push_str(name);
        check(self);
        self.path.truncate(end);
    }

    /// Checks one member of an object by everything that its name selects.
    fn named(&mut self, schema: &'a JsonObject, name: &str, value: &Value, depth: usize) {
        let mut is_known = false;
        if let Some(property) = schema.get("properties").and_then(|all| all.get(name)) {
            is_known = true;
            self.value(property, value, depth + 1);
        }
        if let Some(Value::Object(patterns)) = schema.get("patternProperties") {
            for (pattern, property) in patterns {
                if self.scope.matches(pattern, name) {
                    is_known = true;
                    self.value(property, value, depth + 1);
                }
            }
        }
        match schema.get("additionalProperties") {
            Some(Value::Bool(false)) if !is_known => self.problem("is not known"),
            Some(others) if !is_known => self.value(others, value, depth + 1),
            Some(_) | None => {}
        }
    }

    /// Checks what a schema is composed of.
    fn combined(&mut self, schema: &'a JsonObject, value: &Value, depth: usize) {
        if let Some(referred) = schema
            .get("$ref")
            .and_then(Value::as_str)
            .and_then(|reference| self.scope.referred(reference))
        {
            self.value(referred, value, depth + 1);
        }
        if let Some(Value::Array(parts)) = schema.get("allOf") {
            for part in parts {
                self.value(part, value, depth + 1);
            }
        }
        for keyword in ["anyOf", "oneOf"] {
            if let Some(Value::Array(alternatives)) = schema.get(keyword) {
                self.alternatives(alternatives, value, depth);
            }
        }
    }

    /// One alternative must fit. If none does, the problems are those of the only one that the value can be meant for.
    fn alternatives(&mut self, alternatives: &'a [Value], value: &Value, depth: usize) {
        let mut meant = Vec::new();
        for alternative in alternatives {
            let mut check = Self {
                scope: self.scope,
                path: self.path.clone(),
                problems: Vec::new(),
            };
            check.value(alternative, value, depth + 1);
            if check.problems.is_empty() {
                return;
            }
            if self.can_be_meant(alternative, value) {
                meant.push(check.problems);
            }
        }
        if let [problems] = &mut meant[..] {
            self.problems.append(problems);
            return;
        }
        let mut allowed = Vec::new();
        for alternative in alternatives {
            self.describe(alternative, &mut allowed);
        }
        self.problem(format!(
            "must be one of {}, got {}",
            allowed.join(", "),
            shown(value)
        ));
    }

    /// The schema, without references.
    fn resolved(&self, schema: &'a Value) -> &'a Value {
        let mut schema = schema;
        for _ in 0..DEPTH {
            let reference = schema.get("$ref").and_then(Value::as_str);
            match reference.and_then(|reference| self.scope.referred(reference)) {
                Some(referred) => schema = referred,
                None => break,
            }
        }
        schema
    }

    /// Whether a value of this type, and with these tags, is meant for the schema.
    fn can_be_meant(&self, schema: &'a Value, value: &Value) -> bool {
        let Value::Object(schema) = self.resolved(schema) else {
            return false;
        };
        if of_type(schema, value).is_some() || listed(schema, value).is_some() {
            return false;
        }
        let properties = schema.get("properties").and_then(Value::as_object);
        !properties.into_iter().flatten().any(|(name, property)| {
            let tag = property.get("const");
            tag.is_some_and(|tag| value.get(name).is_none_or(|given| !equal(given, tag)))
        })
    }

    /// What a schema allows, in words.
    fn describe(&self, schema: &'a Value, allowed: &mut Vec<String>) {
        let schema = self.resolved(schema);
        if let Some(value) = schema.get("const") {
            allowed.push(shown(value));
        } else if let Some(Value::Array(values)) = schema.get("enum") {
            allowed.extend(values.iter().map(shown));
        } else if let Some(Value::Array(parts)) = schema.get("oneOf").or(schema.get("anyOf")) {
            for part in parts {
                self.describe(part, allowed);
            }
        } else {
            allowed.push(kinds(schema.get("type")));
        }
    }
}
