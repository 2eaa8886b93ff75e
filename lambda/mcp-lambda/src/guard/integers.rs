//! Converts numbers in tool arguments: JSON Schema has one kind of number, Rust has two.
//!
//! `2.0` and `1e1` are integers in JSON Schema (2020-12 validation, section 6.1.1), and models and languages with one
//! kind of number write integers like this. Without the conversion a tool that takes an integer would refuse them,
//! contrary to its schema.

use rmcp::model::JsonObject;
use serde_json::{Number, Value};

/// Largest integer that a number with a fraction or an exponent represents exactly (RFC 8259 section 6).
const LARGEST: f64 = 9_007_199_254_740_991.0;

/// Writes every number as an integer where the tool's input schema asks for one, and for nothing that takes fractions.
///
/// A number that is no integer stays as it was sent. Does not validate the arguments. A `$ref` out of the schema is taken for a schema that allows everything.
pub(crate) fn read_as_declared(schema: &JsonObject, arguments: &mut JsonObject) {
    if !arguments.values().any(has_fraction) {
        return;
    }
    let mut declared = Declared::default();
    declared.add_object(schema, schema);
    declared.read_members(schema, arguments);
}

/// Whether there is any number that is not written as an integer.
fn has_fraction(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_f64(),
        Value::Array(items) => items.iter().any(has_fraction),
        Value::Object(members) => members.values().any(has_fraction),
        Value::Null | Value::Bool(_) | Value::String(_) => false,
    }
}

/// Every schema that may apply to one value, including alternatives: it does not decide which one applies.
#[derive(Default)]
struct Declared<'a> {
    schemas: Vec<&'a JsonObject>,
}

impl<'a> Declared<'a> {
    fn add(&mut self, root: &'a JsonObject, schema: &'a Value) {
        if let Value::Object(schema) = schema {
            self.add_object(root, schema);
        }
    }

    fn add_object(&mut self, root: &'a JsonObject, schema: &'a JsonObject) {
        // A schema may refer to itself.
        if self
            .schemas
            .iter()
            .any(|known| std::ptr::eq(*known, schema))
        {
            return;
        }
        self.schemas.push(schema);
        let reference = schema.get("$ref").and_then(Value::as_str);
        match reference.and_then(|reference| referred(root, reference)) {
            Some(Referred::Root) => self.add_object(root, root),
            Some(Referred::Part(part)) => self.add(root, part),
            None => {}
        }
        for keyword in ["allOf", "anyOf", "oneOf"] {
            if let Some(Value::Array(parts)) = schema.get(keyword) {
                parts.iter().for_each(|part| self.add(root, part));
            }
        }
        for keyword in ["then", "else"] {
            if let Some(part) = schema.get(keyword) {
                self.add(root, part);
            }
        }
    }

    /// Which numbers are asked for.
    fn numbers(&self) -> Asked {
        let mut asked = Asked::default();
        for schema in &self.schemas {
            match (schema.get("type"), schema.get("enum"), schema.get("const")) {
                (Some(Value::String(kind)), _, _) => asked.note_type(kind),
                (Some(Value::Array(kinds)), _, _) => kinds
                    .iter()
                    .filter_map(Value::as_str)
                    .for_each(|kind| asked.note_type(kind)),
                (_, Some(Value::Array(values)), _) => {
                    values.iter().for_each(|value| asked.note_value(value));
                }
                (_, _, Some(value)) => asked.note_value(value),
                _ => {}
            }
        }
        asked
    }

    fn read(&self, root: &'a JsonObject, value: &mut Value) {
        match value {
            Value::Number(number) if number.is_f64() => self.read_number(number),
            Value::Object(members) => self.read_members(root, members),
            Value::Array(items) => self.read_items(root, items),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn read_number(&self, number: &mut Number) {
        let asked = self.numbers();
        if !asked.integers || asked.fractions {
            return;
        }
        let float = number.as_f64().unwrap_or(f64::NAN);
        if float.fract() == 0.0 && float.abs() <= LARGEST {
            #[expect(clippy::cast_possible_truncation, reason = "an integer within 53 bits")]
            let integer = float as i64;
            *number = integer.into();
        }
    }

    fn read_members(&self, root: &'a JsonObject, members: &mut JsonObject) {
        let schemas: Vec<&JsonObject> = self
            .schemas
            .iter()
            .copied()
            .filter(|schema| !is_other_variant(schema, members))
            .collect();
        for (name, value) in members {
            if !has_fraction(value) {
                continue;
            }
            let mut declared = Declared::default();
            for schema in &schemas {
                let named = schema
                    .get("properties")
                    .and_then(|properties| properties.get(name));
                if let Some(named) = named {
                    declared.add(root, named);
                    continue;
                }
                // Which pattern a name matches is not decided.
                if let Some(Value::Object(patterns)) = schema.get("patternProperties") {
                    patterns.values().for_each(|part| declared.add(root, part));
                }
                if let Some(others) = schema.get("additionalProperties") {
                    declared.add(root, others);
                }
            }
            declared.read(root, value);
        }
    }

    fn read_items(&self, root: &'a JsonObject, items: &mut [Value]) {
        let mut rest = Declared::default();
        for schema in &self.schemas {
            if let Some(items) = schema.get("items") {
                rest.add(root, items);
            }
        }
        for (index, item) in items.iter_mut().enumerate() {
            let mut first = Declared::default();
            for schema in &self.schemas {
                if let Some(item) = schema.get("prefixItems").and_then(|items| items.get(index)) {
                    first.add(root, item);
                }
            }
            let declared = if first.schemas.is_empty() {
                &rest
            } else {
                &first
            };
            declared.read(root, item);
        }
    }
}

/// The numbers that schemas ask for.
#[derive(Default)]
struct Asked {
    integers: bool,
    /// Numbers with a fraction too.
    fractions: bool,
}

impl Asked {
    fn note_type(&mut self, kind: &str) {
        self.integers |= kind == "integer";
        self.fractions |= kind == "number";
    }

    fn note_value(&mut self, value: &Value) {
        if let Value::Number(number) = value {
            self.integers |= !number.is_f64();
            self.fractions |= number.is_f64();
        }
    }
}

/// Whether this schema is one variant of a tagged enum, and the value another.
fn is_other_variant(schema: &JsonObject, members: &JsonObject) -> bool {
    let Some(Value::Object(properties)) = schema.get("properties") else {
        return false;
    };
    properties.iter().any(|(name, property)| {
        let tag = property.get("const").and_then(Value::as_str);
        let value = members.get(name).and_then(Value::as_str);
        tag.is_some() && value.is_some() && tag != value
    })
}

enum Referred<'a> {
    Root,
    Part(&'a Value),
}

/// What a reference within the schema leads to.
fn referred<'a>(root: &'a JsonObject, reference: &str) -> Option<Referred<'a>> {
    let pointer = reference.strip_prefix('#')?;
    if pointer.is_empty() {
        return Some(Referred::Root);
    }
    let pointer = pointer.strip_prefix('/')?;
    let (first, rest) = match pointer.find('/') {
        Some(slash) => pointer.split_at(slash),
        None => (pointer, ""),
    };
    root.get(first)?.pointer(rest).map(Referred::Part)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::read_as_declared;

    fn read(schema: &Value, arguments: &Value) -> Value {
        let mut arguments = arguments.as_object().unwrap().clone();
        read_as_declared(schema.as_object().unwrap(), &mut arguments);
        Value::Object(arguments)
    }

    /// One argument of each form in which schemas say that something is an integer.
    fn schema() -> Value {
        json!({
            "type": "object",
            "properties": {
                "plain": { "type": "integer", "minimum": 0 },
                "optional": { "type": ["integer", "null"] },
                "any": { "anyOf": [{ "$ref": "#/$defs/Count" }, { "type": "null" }] },
                "all": { "allOf": [{ "$ref": "#/$defs/Count" }], "description": "a count" },
                "list": { "type": "array", "items": { "$ref": "#/$defs/Count" } },
                "pair": { "type": "array", "prefixItems": [{ "type": "number" }, { "type": "integer" }] },
                "map": { "type": "object", "additionalProperties": { "type": "integer" } },
                "numbered": { "type": "object", "patternProperties": { "^\\d+$": { "type": "integer" } }, "additionalProperties": false },
                "tree": { "$ref": "#/$defs/Tree" },
                "choice": { "enum": [1, 2, "many"] },
                "fixed": { "const": 7 },
                "number": { "type": "number" },
                "either": { "oneOf": [{ "type": "integer" }, { "type": "number" }] },
                "text": { "type": "string" },
                "free": {},
                "loose": { "anyOf": [{ "type": "integer" }, true] },
                "elsewhere": { "anyOf": [{ "type": "integer" }, { "$ref": "https://example.com/schema" }] },
                "shape": { "oneOf": [
                    { "type": "object", "properties": { "kind": { "type": "string", "const": "grid" }, "size": { "type": "integer" } } },
                    { "type": "object", "properties": { "kind": { "type": "string", "const": "circle" }, "size": { "type": "number" } } }
                ] }
            },
            "$defs": {
                "Count": { "type": "integer", "format": "uint32" },
                "Tree": { "type": "object", "properties": {
                    "weight": { "type": "integer" },
                    "children": { "type": "array", "items": { "$ref": "#/$defs/Tree" } }
                } }
            }
        })
    }

    #[test]
    fn an_integer_of_json_schema_arrives_as_an_integer() {
        for (sent, taken) in [
            (r#"{"plain": 2.0}"#, r#"{"plain": 2}"#),
            (r#"{"plain": 1e1}"#, r#"{"plain": 10}"#),
            (r#"{"plain": -0.0}"#, r#"{"plain": 0}"#),
            (r#"{"plain": -3.0}"#, r#"{"plain": -3}"#),
            (
                r#"{"plain": 9007199254740991.0}"#,
                r#"{"plain": 9007199254740991}"#,
            ),
            (r#"{"optional": 2.0}"#, r#"{"optional": 2}"#),
            (r#"{"optional": null}"#, r#"{"optional": null}"#),
            (r#"{"any": 2.0}"#, r#"{"any": 2}"#),
            (r#"{"all": 2.0}"#, r#"{"all": 2}"#),
            (r#"{"list": [1, 2.0, 3e0]}"#, r#"{"list": [1, 2, 3]}"#),
            (r#"{"pair": [1.0, 2.0]}"#, r#"{"pair": [1.0, 2]}"#),
            (
                r#"{"map": {"a": 1.0, "b": 2}}"#,
                r#"{"map": {"a": 1, "b": 2}}"#,
            ),
            (r#"{"numbered": {"1": 1.0}}"#, r#"{"numbered": {"1": 1}}"#),
            (
                r#"{"tree": {"children": [{"weight": 1.0, "children": [{"weight": 2.0}]}]}}"#,
                r#"{"tree": {"children": [{"weight": 1, "children": [{"weight": 2}]}]}}"#,
            ),
            (r#"{"choice": 2.0}"#, r#"{"choice": 2}"#),
            (r#"{"fixed": 7.0}"#, r#"{"fixed": 7}"#),
            (
                r#"{"shape": {"kind": "grid", "size": 2.0}}"#,
                r#"{"shape": {"kind": "grid", "size": 2}}"#,
            ),
        ] {
            let (sent, taken): (Value, Value) = (
                serde_json::from_str(sent).unwrap(),
                serde_json::from_str(taken).unwrap(),
            );
            assert_eq!(read(&schema(), &sent), taken, "{sent}");
        }
    }

    #[test]
    fn what_may_be_any_number_stays_as_it_was_sent() {
        for sent in [
            json!({ "number": 2.0 }),
            json!({ "either": 2.0 }),
            json!({ "text": 2.0 }),
            json!({ "free": 2.0 }),
            json!({ "free": { "a": [2.0] } }),
            json!({ "loose": 2.5 }),
            json!({ "elsewhere": 2.5 }),
            json!({ "unknown": 2.0 }),
            json!({ "shape": { "kind": "circle", "size": 2.0 } }),
            json!({ "plain": 2, "text": "2.0" }),
        ] {
            assert_eq!(read(&schema(), &sent), sent);
        }
    }

    #[test]
    fn a_number_that_is_no_exact_integer_stays_as_it_was_sent() {
        for sent in [
            r#"{"plain": 2.5}"#,
            r#"{"plain": 1e30}"#,
            r#"{"plain": 9007199254740993.0}"#,
            r#"{"plain": 18446744073709551616}"#,
        ] {
            let sent: Value = serde_json::from_str(sent).unwrap();
            assert_eq!(read(&schema(), &sent), sent);
        }
    }

    #[test]
    fn a_schema_that_refers_to_itself_is_read_once() {
        for schema in [
            json!({ "$ref": "#", "properties": { "n": { "type": "integer" } } }),
            json!({ "anyOf": [{ "$ref": "#/anyOf/0" }, { "properties": { "n": { "type": "integer" } } }] }),
        ] {
            assert_eq!(read(&schema, &json!({ "n": 2.0 })), json!({ "n": 2 }));
        }
    }
}
