//! Serialises tool arguments canonically, so that equal JSON gives equal cache keys.

use serde_json::{Map, Number, Value};

/// Whole numbers up to this size are exact as floating-point numbers.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The arguments as one string that is the same for equal JSON: no white space, members sorted by the UTF-16 code units
/// of their names (RFC 8785 section 3.2.3), whole numbers without fraction or exponent.
///
/// Differs from RFC 8785 section 3.2.2.3, which would map different whole numbers beyond 2^53 to one: they keep all
/// their digits. Other numbers have serde's form, which is just as unambiguous.
pub(super) fn canonical(arguments: &Map<String, Value>) -> String {
    let mut text = String::new();
    object(arguments, &mut text);
    text
}

fn value(json: &Value, text: &mut String) {
    match json {
        Value::Null | Value::Bool(_) | Value::String(_) => text.push_str(&json.to_string()),
        Value::Number(json) => text.push_str(&number(json)),
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                value(item, text);
            }
            text.push(']');
        }
        Value::Object(members) => object(members, text),
    }
}

fn object(members: &Map<String, Value>, text: &mut String) {
    let mut members: Vec<(&String, &Value)> = members.iter().collect();
    members.sort_by(|(one, _), (other, _)| one.encode_utf16().cmp(other.encode_utf16()));
    text.push('{');
    for (index, (name, member)) in members.into_iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        text.push_str(&Value::from(name.as_str()).to_string());
        text.push(':');
        value(member, text);
    }
    text.push('}');
}

fn number(number: &Number) -> String {
    match number.as_f64() {
        Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < EXACT => {
            // Adding zero makes the negative zero a positive one.
            format!("{:.0}", float + 0.0)
        }
        Some(_) | None => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::canonical;

    fn of(json: &str) -> String {
        canonical(&serde_json::from_str(json).unwrap())
    }

    #[test]
    fn is_the_same_for_equal_json_however_it_is_written() {
        // The example of RFC 8785 section 3.2.3.
        let sorted = "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u{80}\":\"Control\",\"\u{f6}\":\"Latin Small Letter O With \
                      Diaeresis\",\"\u{20ac}\":\"Euro Sign\",\"\u{1f600}\":\"Emoji: Grinning Face\",\"\u{fb33}\":\"Hebrew Letter Dalet \
                      With Dagesh\"}";
        let shuffled = r#"{ "\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh", "1": "One",
            "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control", "\u00f6": "Latin Small Letter O With Diaeresis" }"#;
        assert_eq!(of(shuffled), sorted);
        assert_eq!(
            of(r#"{"b":[ 1.0, -0.0, 1e2, {"d":null,"c":true} ],"a":"\u0041\/"}"#),
            r#"{"a":"A/","b":[1,0,100,{"c":true,"d":null}]}"#
        );
    }

    #[test]
    fn tells_apart_what_a_tool_could_tell_apart() {
        let different = [
            r#"{}"#,
            r#"{"a":null}"#,
            r#"{"a":1}"#,
            r#"{"a":-1}"#,
            r#"{"a":10}"#,
            r#"{"a":-10}"#,
            r#"{"a":-0.5}"#,
            r#"{"a":"1"}"#,
            r#"{"a":[1]}"#,
            r#"{"a":1.5}"#,
            r#"{"a":9007199254740992}"#,
            r#"{"a":9007199254740993}"#,
            r#"{"a":1e300}"#,
            r#"{"a":{"b":1}}"#,
            r#"{"a":"{\"b\":1}"}"#,
        ];
        let mut texts: Vec<String> = different.iter().map(|json| of(json)).collect();
        texts.sort();
        texts.dedup();
        assert_eq!(texts.len(), different.len());
    }
}
