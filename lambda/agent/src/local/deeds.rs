//! What a sentence wants to be done, and what a tool does.

use super::language::{Kind, Word, stem};

/// What a sentence wants to be done, and what a tool does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    Read,
    Create,
    Change,
    Remove,
}

const VERBS: &[(&str, Deed)] = &[
    ("show", Deed::Read),
    ("list", Deed::Read),
    ("get", Deed::Read),
    ("find", Deed::Read),
    ("search", Deed::Read),
    ("give", Deed::Read),
    ("display", Deed::Read),
    ("look", Deed::Read),
    ("see", Deed::Read),
    ("what", Deed::Read),
    ("which", Deed::Read),
    ("tell", Deed::Read),
    ("fetch", Deed::Read),
    ("read", Deed::Read),
    ("view", Deed::Read),
    ("check", Deed::Read),
    ("browse", Deed::Read),
    ("count", Deed::Read),
    ("where", Deed::Read),
    ("when", Deed::Read),
    ("who", Deed::Read),
    ("describe", Deed::Read),
    ("query", Deed::Read),
    ("lookup", Deed::Read),
    ("return", Deed::Read),
    ("say", Deed::Read),
    ("report", Deed::Read),
    ("explain", Deed::Read),
    ("compare", Deed::Read),
    ("order", Deed::Create),
    ("buy", Deed::Create),
    ("purchase", Deed::Create),
    ("create", Deed::Create),
    ("make", Deed::Create),
    ("add", Deed::Create),
    ("place", Deed::Create),
    ("book", Deed::Create),
    ("send", Deed::Create),
    ("reserve", Deed::Create),
    ("new", Deed::Create),
    ("open", Deed::Create),
    ("update", Deed::Change),
    ("change", Deed::Change),
    ("edit", Deed::Change),
    ("set", Deed::Change),
    ("increment", Deed::Change),
    ("rename", Deed::Change),
    ("move", Deed::Change),
    ("cancel", Deed::Remove),
    ("delete", Deed::Remove),
    ("remove", Deed::Remove),
    ("drop", Deed::Remove),
    ("close", Deed::Remove),
];

/// Verbs that are names of things as well.
const AMBIGUOUS: &[&str] = &[
    "order", "book", "place", "count", "set", "view", "look", "open", "drop", "move",
];

/// The deed of a verb.
pub(super) fn deed(word: &str) -> Option<Deed> {
    let word = word.to_lowercase();
    let verb = |word: &str| {
        VERBS
            .iter()
            .find(|(verb, _)| *verb == word)
            .map(|(_, deed)| *deed)
    };
    verb(&word)
        .or_else(|| verb(word.strip_suffix('s')?))
        .or_else(|| verb(word.strip_suffix("es")?))
}

fn ambiguous(word: &str) -> bool {
    AMBIGUOUS.contains(&stem(word).as_str())
}

/// What a sentence wants to be done; `None` when it does not say so. "Order 2" wants an order, "the status of my order" does
/// not.
pub(super) fn wanted(words: &[Word]) -> Option<Deed> {
    let mut said_something = false;
    for word in words {
        if let Some(deed) = deed(&word.raw)
            && !(said_something && ambiguous(&word.raw))
        {
            return Some(deed);
        }
        said_something |= word.kind != Kind::Filler;
    }
    None
}

/// What a tool does, by its name and the first word of its description.
pub(super) fn done(name: &[String], description: &str) -> Deed {
    let clear = |word: &&String| !ambiguous(word);
    let first = name.first();
    let described = description
        .split(|character: char| !character.is_alphanumeric())
        .find(|word| !word.is_empty());
    first
        .filter(clear)
        .and_then(|word| deed(word))
        .or_else(|| described.and_then(deed))
        .or_else(|| name.iter().filter(clear).find_map(|word| deed(word)))
        .or_else(|| first.and_then(|word| deed(word)))
        .unwrap_or(Deed::Read)
}

/// The parts of `text` that each ask for one thing.
pub(super) fn sentences(text: &str) -> Vec<String> {
    let mut sentences = vec![String::new()];
    let words: Vec<&str> = text.split_whitespace().collect();
    for (index, word) in words.iter().enumerate() {
        let next_is_verb = words
            .get(index + 1)
            .is_some_and(|next| deed(next).is_some() || next.eq_ignore_ascii_case("then"));
        let joins = word.eq_ignore_ascii_case("and") && next_is_verb;
        if joins || word.eq_ignore_ascii_case("then") {
            sentences.push(String::new());
            continue;
        }
        if let Some(sentence) = sentences.last_mut() {
            sentence.push_str(word);
            sentence.push(' ');
        }
        if word.ends_with(['.', ';', '!', '?']) {
            sentences.push(String::new());
        }
    }
    sentences.retain(|sentence| !sentence.trim().is_empty());
    sentences
}
