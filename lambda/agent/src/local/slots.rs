//! Fills the arguments of a tool with the values of a sentence, by the schema's types, names and descriptions.

use std::collections::HashSet;

use serde_json::{Map, Number as JsonNumber, Value};

use super::evidence::{IDENTIFYING, described, has, identifier, remembered};
use super::language::{Bound, Kind, Number, Word, name_stems};

/// Arguments and where their values are from.
#[derive(Debug, Default)]
pub(super) struct Filled {
    pub(super) arguments: Map<String, Value>,
    /// The positions of the words that became values.
    pub(super) used: HashSet<usize>,
    /// Required properties without a value.
    pub(super) missing: Vec<String>,
    /// How many values the sentence names, as opposed to words that a tool takes as they are.
    pub(super) certain: usize,
    /// How many values came from earlier results.
    pub(super) remembered: usize,
}

/// The values in a sentence and in earlier results.
#[derive(Debug)]
pub(super) struct Offer<'a> {
    pub(super) words: &'a [Word],
    /// The positions of words that name the tool and so are no values.
    pub(super) spoken_for: HashSet<usize>,
    /// Earlier results, the newest first.
    pub(super) results: &'a [Value],
}

const MONEY: &[&str] = &[
    "price", "cost", "amount", "budget", "total", "usd", "eur", "fee", "dollar",
];
const UPPER: &[&str] = &[
    "max", "maximum", "to", "until", "below", "under", "upper", "most", "high", "les", "less", "up",
];
const LOWER: &[&str] = &[
    "min", "minimum", "from", "above", "over", "lower", "least", "low", "more", "start",
];
const PAGING: &[&str] = &["limit", "page", "offset", "cursor", "size", "skip", "top"];
const FREE: &[&str] = &[
    "query", "search", "text", "keyword", "term", "phrase", "q", "word", "name", "title",
    "message", "question",
];
const GROUPING: &[&str] = &[
    "category",
    "group",
    "kind",
    "type",
    "department",
    "section",
    "genre",
    "city",
    "country",
    "region",
    "location",
    "language",
    "topic",
    "folder",
    "tag",
];

/// Fills the properties of `schema`, an object.
pub(super) fn fill(schema: &Value, offer: &Offer<'_>) -> Filled {
    let mut filled = Filled::default();
    filled.arguments = object(schema, &[], offer, &mut filled);
    filled
}

fn object(
    schema: &Value,
    outer: &[String],
    offer: &Offer<'_>,
    filled: &mut Filled,
) -> Map<String, Value> {
    let mut arguments = Map::new();
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        return arguments;
    };
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    // Strings that take any words come last, and required properties first.
    let mut order: Vec<(&String, &Value)> = properties.iter().collect();
    order.sort_by_key(|(name, property)| {
        let rank = match kind(property) {
            "string" if has(&name_stems(name), FREE) => 2,
            "string" if property.get("enum").is_none() => 1,
            _ => 0,
        };
        (rank, !required.contains(&name.as_str()))
    });
    for (name, property) in order {
        let must = required.contains(&name.as_str());
        let mut stems = outer.to_vec();
        stems.extend(name_stems(name));
        if let Some(value) = value(property, &stems, must, offer, filled) {
            arguments.insert(name.clone(), value);
        } else if must {
            match remembered(name, &stems, offer.results) {
                Some(value) => {
                    filled.remembered += 1;
                    arguments.insert(name.clone(), value);
                }
                None => filled.missing.push(name.clone()),
            }
        }
    }
    arguments
}

/// The type of a property; the first one that is not null of several.
fn kind(property: &Value) -> &str {
    match property.get("type") {
        Some(Value::String(kind)) => kind,
        Some(Value::Array(kinds)) => kinds
            .iter()
            .filter_map(Value::as_str)
            .find(|kind| *kind != "null")
            .unwrap_or_default(),
        _ => alternative(property).map_or("", kind),
    }
}

/// What an optional property is when it is there.
fn alternative(property: &Value) -> Option<&Value> {
    let alternatives = property
        .get("anyOf")
        .or_else(|| property.get("oneOf"))?
        .as_array()?;
    alternatives.iter().find(|schema| kind(schema) != "null")
}

fn value(
    property: &Value,
    stems: &[String],
    must: bool,
    offer: &Offer<'_>,
    filled: &mut Filled,
) -> Option<Value> {
    if let Some(choices) = property.get("enum").and_then(Value::as_array) {
        return choice(choices, offer, filled);
    }
    match kind(property) {
        "integer" => number(property, stems, true, offer, filled),
        "number" => number(property, stems, false, offer, filled),
        "boolean" => flag(stems, offer, filled),
        "string" => string(property, stems, must, offer, filled),
        "array" => {
            let items = property.get("items")?;
            if items.get("properties").is_some() {
                return nested(items, stems, offer, filled).map(|item| Value::Array(vec![item]));
            }
            value(items, stems, must, offer, filled).map(|item| Value::Array(vec![item]))
        }
        "object" => nested(property, stems, offer, filled),
        _ => alternative(property).and_then(|schema| value(schema, stems, must, offer, filled)),
    }
}

/// An object inside: it is there only when all that it requires is.
fn nested(
    schema: &Value,
    stems: &[String],
    offer: &Offer<'_>,
    filled: &mut Filled,
) -> Option<Value> {
    let (used, certain, missing) = (filled.used.clone(), filled.certain, filled.missing.len());
    let item = object(schema, stems, offer, filled);
    if item.is_empty() || filled.missing.len() > missing {
        filled.used = used;
        filled.certain = certain;
        filled.missing.truncate(missing);
        return None;
    }
    Some(item.into())
}

fn free_words<'a>(offer: &'a Offer<'_>, filled: &Filled) -> Vec<(usize, &'a Word)> {
    let words = offer.words.iter().enumerate();
    words.filter(|(at, _)| !filled.used.contains(at)).collect()
}

fn choice(choices: &[Value], offer: &Offer<'_>, filled: &mut Filled) -> Option<Value> {
    for choice in choices {
        let stems = name_stems(choice.as_str()?);
        let found: Option<Vec<usize>> = stems
            .iter()
            .map(|stem| offer.words.iter().position(|word| word.stem == *stem))
            .collect();
        if let Some(found) = found.filter(|found| !found.is_empty()) {
            filled.used.extend(found);
            filled.certain += 1;
            return Some(choice.clone());
        }
    }
    None
}

fn number(
    property: &Value,
    stems: &[String],
    whole: bool,
    offer: &Offer<'_>,
    filled: &mut Filled,
) -> Option<Value> {
    let description = described(property);
    let bound = match (has(stems, UPPER), has(stems, LOWER)) {
        (true, false) => Some(Bound::Upper),
        (false, true) => Some(Bound::Lower),
        _ => None,
    };
    let money = has(stems, MONEY) || has(&description, MONEY);
    let said = |word: &Word| stems.contains(&word.stem);
    let paging = has(stems, PAGING) && !offer.words.iter().any(said);
    let fits = |number: &Number| {
        number.bound == bound
            && (!number.money || money)
            && (!whole || number.value.fract() == 0.0)
            && !paging
    };
    let (at, number) =
        free_words(offer, filled)
            .into_iter()
            .find_map(|(at, word)| match &word.kind {
                Kind::Number(number) if fits(number) => Some((at, *number)),
                Kind::Number(_) | Kind::Word | Kind::Filler | Kind::Identifier | Kind::Quoted => {
                    None
                }
            })?;
    filled.used.insert(at);
    filled.certain += 1;
    // Whole numbers up to 2^53 are exact.
    if number.value.fract() == 0.0 && number.value.abs() < 9e15 {
        return Some(Value::from(number.value as i64));
    }
    JsonNumber::from_f64(number.value).map(Value::Number)
}

/// True when the sentence has the property's words, as `inStock` in "what is in stock".
fn flag(stems: &[String], offer: &Offer<'_>, filled: &mut Filled) -> Option<Value> {
    let telling: Vec<&String> = stems.iter().filter(|stem| stem.len() > 2).collect();
    let found: Option<Vec<usize>> = telling
        .iter()
        .map(|stem| offer.words.iter().position(|word| word.stem == **stem))
        .collect();
    let found = found.filter(|found| !found.is_empty())?;
    let denied = offer
        .words
        .iter()
        .any(|word| matches!(word.stem.as_str(), "not" | "without" | "no"));
    filled.used.extend(found);
    filled.certain += 1;
    Some(Value::Bool(!denied))
}

fn string(
    property: &Value,
    stems: &[String],
    must: bool,
    offer: &Offer<'_>,
    filled: &mut Filled,
) -> Option<Value> {
    if let Some(at) = identifier(property, stems, &free_words(offer, filled)) {
        return take(at, offer, filled);
    }
    if has(stems, IDENTIFYING) {
        return None;
    }
    let description = described(property);
    // "What costs less than $200?" looks for a price and not for the word.
    let asks_for_money = offer
        .words
        .iter()
        .any(|word| matches!(&word.kind, Kind::Number(number) if number.money));
    let plain = |filled: &Filled| -> Vec<usize> {
        free_words(offer, filled)
            .into_iter()
            .filter(|(at, word)| {
                let is_money = asks_for_money && MONEY.contains(&word.stem.as_str());
                let is_spoken_for = offer.spoken_for.contains(at) || stems.contains(&word.stem);
                matches!(word.kind, Kind::Word | Kind::Quoted) && !is_money && !is_spoken_for
            })
            .map(|(at, _)| at)
            .collect()
    };
    let words = plain(filled);
    let stem_at = |at: usize| offer.words.get(at).map_or("", |word| word.stem.as_str());
    let before = |at: usize| at.checked_sub(1).map_or("", stem_at);
    // "the electronics category", "category electronics": the property is named beside the value.
    let named = words.iter().copied().find(|at| {
        stems
            .iter()
            .any(|stem| before(*at) == stem || stem_at(at + 1) == stem)
    });
    // The description gives the value as an example.
    let example = || {
        words
            .iter()
            .copied()
            .find(|at| description.iter().any(|stem| stem == stem_at(*at)))
    };
    // "products in electronics": a group comes after "in".
    let grouped = || {
        let grouping = has(stems, GROUPING) || has(&description, GROUPING);
        words.iter().copied().find(|at| {
            grouping
                && (before(*at) == "in"
                    || (before(*at) == "the" && at.checked_sub(2).map(stem_at) == Some("in")))
        })
    };
    if let Some(at) = named.or_else(example).or_else(grouped) {
        return take(at, offer, filled);
    }
    if has(stems, FREE) || (must && !has(stems, GROUPING)) {
        let phrase: Vec<&str> = words
            .iter()
            .filter_map(|at| offer.words.get(*at))
            .map(|word| word.raw.as_str())
            .collect();
        if !phrase.is_empty() {
            filled.used.extend(&words);
            return Some(Value::from(phrase.join(" ")));
        }
    }
    None
}

fn take(at: usize, offer: &Offer<'_>, filled: &mut Filled) -> Option<Value> {
    filled.used.insert(at);
    offer
        .words
        .get(at)
        .map(|word| Value::from(word.raw.as_str()))
}
