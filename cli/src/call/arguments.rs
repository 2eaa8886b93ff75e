//! Turns the words of a command line into the arguments of a tool.

use rmcp::model::Tool;
use serde_json::{Map, Value};

use super::kind::Kind;

/// Why words are not the arguments of a tool.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ArgumentError {
    /// A word that is neither an option nor a pair.
    #[error("'{word}' is no argument: give `--name value` or `name=value`")]
    NotAPair {
        /// The word.
        word: String,
    },
    /// The tool has no such argument.
    #[error("{tool} has no argument '{name}'; {known}")]
    Unknown {
        /// The tool.
        tool: String,
        /// The name on the command line.
        name: String,
        /// What it has.
        known: String,
    },
    /// An argument without a value.
    #[error("{name} needs a value: `--{name} VALUE`")]
    NoValue {
        /// The argument.
        name: String,
    },
    /// A value of another kind.
    #[error("{name} {expected}; got '{value}'")]
    Invalid {
        /// The argument.
        name: String,
        /// What it must be.
        expected: String,
        /// The word.
        value: String,
    },
    /// An argument that is no list, twice.
    #[error("{name} is given twice, and takes one value")]
    Repeated {
        /// The argument.
        name: String,
    },
    /// Required arguments are missing.
    #[error("{tool} needs {}", names.iter().map(|name| format!("--{name}")).collect::<Vec<_>>().join(", "))]
    Missing {
        /// The tool.
        tool: String,
        /// The names.
        names: Vec<String>,
    },
}

/// The arguments of `tool`: those of `json`, and those of the words, which take precedence.
///
/// # Errors
///
/// See [`ArgumentError`]: each names the argument, its value and what it must be.
pub fn of_words(
    tool: &Tool,
    json: Map<String, Value>,
    words: &[String],
) -> Result<Map<String, Value>, ArgumentError> {
    let schema = tool.input_schema.as_ref();
    let properties = schema.get("properties").and_then(Value::as_object);
    let mut given = Map::new();
    let mut words = words.iter().peekable();
    while let Some(word) = words.next() {
        let (name, value) = match word.strip_prefix("--") {
            Some(option) => match option.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (option, None),
            },
            None => match word.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => return Err(ArgumentError::NotAPair { word: word.clone() }),
            },
        };
        let (name, property) = property(properties, name).ok_or_else(|| unknown(tool, name))?;
        let kind = Kind::of(property, schema);
        let value = match (value, words.peek(), &kind) {
            (Some(value), _, _) => value,
            // A switch: `--loud` alone.
            (None, next, Kind::Boolean)
                if next.is_none_or(|next| next.parse::<bool>().is_err()) =>
            {
                "true"
            }
            (None, Some(_), _) => words.next().map(String::as_str).unwrap_or_default(),
            (None, None, _) => return Err(ArgumentError::NoValue { name }),
        };
        insert(&mut given, name, &kind, value)?;
    }
    let mut arguments = json;
    arguments.extend(given);
    let missing: Vec<String> = schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .filter(|name| !arguments.contains_key(*name))
        .map(str::to_owned)
        .collect();
    if missing.is_empty() {
        Ok(arguments)
    } else {
        Err(ArgumentError::Missing {
            tool: tool.name.to_string(),
            names: missing,
        })
    }
}

/// The property with this name, or with the name in another style: `max-price` for `maxPrice` and `max_price`.
fn property<'a>(
    properties: Option<&'a Map<String, Value>>,
    name: &str,
) -> Option<(String, &'a Value)> {
    let plain = |name: &str| name.replace(['-', '_'], "").to_lowercase();
    let properties = properties?;
    let found = properties.get_key_value(name).or_else(|| {
        properties
            .iter()
            .find(|(property, _)| plain(property) == plain(name))
    })?;
    Some((found.0.clone(), found.1))
}

fn unknown(tool: &Tool, name: &str) -> ArgumentError {
    let properties = tool
        .input_schema
        .get("properties")
        .and_then(Value::as_object);
    let names: Vec<String> = properties
        .into_iter()
        .flatten()
        .map(|(name, _)| format!("--{name}"))
        .collect();
    ArgumentError::Unknown {
        tool: tool.name.to_string(),
        name: name.to_owned(),
        known: if names.is_empty() {
            "it takes none".to_owned()
        } else {
            format!("it takes {}", names.join(", "))
        },
    }
}

/// Adds a value: to the list of a list, once for everything else.
fn insert(
    given: &mut Map<String, Value>,
    name: String,
    kind: &Kind,
    word: &str,
) -> Result<(), ArgumentError> {
    let invalid = |expected| ArgumentError::Invalid {
        name: name.clone(),
        expected,
        value: word.to_owned(),
    };
    let values = match kind {
        Kind::Array(items) => match serde_json::from_str(word) {
            Ok(Value::Array(values)) => values,
            _ => vec![items.parse(word).map_err(invalid)?],
        },
        Kind::String
        | Kind::OneOf(_)
        | Kind::Integer
        | Kind::Number
        | Kind::Boolean
        | Kind::Json
        | Kind::Any => {
            let value = kind.parse(word).map_err(invalid)?;
            return match given.insert(name.clone(), value) {
                None => Ok(()),
                Some(_) => Err(ArgumentError::Repeated { name }),
            };
        }
    };
    let entry = given
        .entry(name)
        .or_insert_with(|| Value::Array(Vec::new()));
    if let Value::Array(list) = entry {
        list.extend(values);
    } else {
        *entry = Value::Array(values);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;

    fn tool() -> Tool {
        let schema = json!({
            "type": "object", "required": ["sku"],
            "$defs": { "Color": { "type": "string", "enum": ["red", "blue"] } },
            "properties": {
                "sku": { "type": "string" }, "count": { "type": "integer" }, "maxPrice": { "type": ["number", "null"] },
                "gift": { "type": "boolean" }, "tags": { "type": "array", "items": { "type": "string" } },
                "sizes": { "type": "array", "items": { "type": "integer" } },
                "color": { "anyOf": [{ "$ref": "#/$defs/Color" }, { "type": "null" }] },
                "address": { "type": "object" }, "id": { "type": ["string", "integer"] },
            },
        });
        Tool::new("buy", "Buys", Arc::new(schema.as_object().unwrap().clone()))
    }

    fn of(words: &str) -> Result<Value, String> {
        let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
        of_words(&tool(), Map::new(), &words)
            .map(Value::Object)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn words_become_values_of_the_schemas_types() {
        assert_eq!(
            of(
                r#"--sku 12 count=3 --max-price=9.5 --gift --tags a --tags b --sizes [1,2] --sizes 3 --color red --address {"zip":"1"} --id 7"#
            ),
            Ok(
                json!({ "sku": "12", "count": 3, "maxPrice": 9.5, "gift": true, "tags": ["a", "b"], "sizes": [1, 2, 3],
                "color": "red", "address": { "zip": "1" }, "id": 7 })
            )
        );
        assert_eq!(
            of("--gift false --sku -5"),
            Ok(json!({ "sku": "-5", "gift": false }))
        );
    }

    #[test]
    fn a_bad_argument_is_named_with_its_value_and_what_it_must_be() {
        for (words, message) in [
            ("--sku a --count x", "count must be an integer; got 'x'"),
            ("--sku a --count 1.5", "count must be an integer; got '1.5'"),
            (
                "--sku a --maxPrice low",
                "maxPrice must be a number; got 'low'",
            ),
            (
                "--sku a --gift=maybe",
                "gift must be true or false; got 'maybe'",
            ),
            (
                "--sku a --color green",
                "color must be one of red, blue; got 'green'",
            ),
            (
                "--sku a --sizes 1 --sizes x",
                "sizes must be an integer; got 'x'",
            ),
            ("--sku a --address home", "address must be JSON; got 'home'"),
            ("--sku a --sku b", "sku is given twice, and takes one value"),
            ("--sku", "sku needs a value: `--sku VALUE`"),
            (
                "hello",
                "'hello' is no argument: give `--name value` or `name=value`",
            ),
            ("--count 1", "buy needs --sku"),
        ] {
            assert_eq!(of(words).unwrap_err(), message);
        }
        let unknown = of("--size 1").unwrap_err();
        assert!(
            unknown.starts_with("buy has no argument 'size'; it takes --"),
            "{unknown}"
        );
    }

    #[test]
    fn arguments_as_json_count_and_words_take_precedence() {
        let json = json!({ "sku": "a", "count": 1 });
        let words = ["--count".to_owned(), "2".to_owned()];
        let arguments = of_words(&tool(), json.as_object().unwrap().clone(), &words).unwrap();
        assert_eq!(Value::Object(arguments), json!({ "sku": "a", "count": 2 }));
    }
}
