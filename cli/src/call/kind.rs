//! The kind of value that a JSON Schema takes, as far as a word of a command line needs to know it.

use serde_json::{Map, Value};

/// What a value must be.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// A string.
    String,
    /// One of these strings.
    OneOf(Vec<String>),
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// True or false.
    Boolean,
    /// A list.
    Array(Box<Kind>),
    /// An object, or what this command does not look into: JSON.
    Json,
    /// A string or something else: JSON if the word is, a string if not.
    Any,
}

impl Kind {
    /// The kind of `schema`, whose references are into `root`.
    #[must_use]
    pub fn of(schema: &Value, root: &Map<String, Value>) -> Self {
        Self::within(schema, root, 0)
    }

    fn within(schema: &Value, root: &Map<String, Value>, depth: u8) -> Self {
        // A schema may refer to itself.
        if depth > 8 {
            return Self::Json;
        }
        let deeper = |schema| Self::within(schema, root, depth + 1);
        if let Some(definition) = schema.get("$ref").and_then(Value::as_str) {
            return definition_of(definition, root).map_or(Self::Json, deeper);
        }
        if let Some(values) = schema.get("enum").and_then(Value::as_array) {
            let strings: Option<Vec<String>> = values
                .iter()
                .filter(|value| !value.is_null())
                .map(|value| value.as_str().map(str::to_owned))
                .collect();
            return strings.map_or(Self::Any, Self::OneOf);
        }
        let alternatives = ["anyOf", "oneOf"]
            .iter()
            .find_map(|name| schema.get(name)?.as_array());
        if let Some(alternatives) = alternatives {
            let mut kinds = alternatives
                .iter()
                .filter(|schema| schema.get("type") != Some(&Value::from("null")))
                .map(deeper);
            return match (kinds.next(), kinds.next()) {
                (Some(kind), None) => kind,
                _ => Self::Any,
            };
        }
        let types: Vec<&str> = match schema.get("type") {
            Some(Value::String(name)) => vec![name],
            Some(Value::Array(names)) => names
                .iter()
                .filter_map(Value::as_str)
                .filter(|name| *name != "null")
                .collect(),
            _ => Vec::new(),
        };
        match types.as_slice() {
            ["string"] => Self::String,
            ["integer"] => Self::Integer,
            ["number"] => Self::Number,
            ["boolean"] => Self::Boolean,
            ["array"] => Self::Array(Box::new(schema.get("items").map_or(Self::Any, deeper))),
            ["object"] => Self::Json,
            _ => Self::Any,
        }
    }

    /// The value of a word.
    ///
    /// # Errors
    ///
    /// What the value must be, in words: `must be an integer`.
    pub fn parse(&self, word: &str) -> Result<Value, String> {
        let json = || serde_json::from_str::<Value>(word).ok();
        match self {
            Self::String => Ok(Value::from(word)),
            Self::OneOf(values) if values.iter().any(|value| value == word) => {
                Ok(Value::from(word))
            }
            Self::OneOf(values) => Err(format!("must be one of {}", values.join(", "))),
            Self::Integer => json()
                .filter(|value| value.is_i64() || value.is_u64())
                .ok_or_else(|| "must be an integer".to_owned()),
            Self::Number => json()
                .filter(Value::is_number)
                .ok_or_else(|| "must be a number".to_owned()),
            Self::Boolean => json()
                .filter(Value::is_boolean)
                .ok_or_else(|| "must be true or false".to_owned()),
            Self::Array(_) | Self::Json => json().ok_or_else(|| "must be JSON".to_owned()),
            Self::Any => Ok(json().unwrap_or_else(|| Value::from(word))),
        }
    }

    /// How the help names a value of this kind.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::String => "string".to_owned(),
            Self::OneOf(values) => values.join("|"),
            Self::Integer => "integer".to_owned(),
            Self::Number => "number".to_owned(),
            Self::Boolean => "true|false".to_owned(),
            Self::Array(items) => format!("{} …", items.name()),
            Self::Json => "JSON".to_owned(),
            Self::Any => "value".to_owned(),
        }
    }
}

/// The definition that a reference such as `#/$defs/Address` leads to.
fn definition_of<'a>(reference: &str, root: &'a Map<String, Value>) -> Option<&'a Value> {
    let mut names = reference.strip_prefix("#/")?.split('/');
    let first = root.get(names.next()?)?;
    names.try_fold(first, |value, name| value.get(name))
}
