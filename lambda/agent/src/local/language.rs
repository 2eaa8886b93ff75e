//! Words of a sentence and of names, as far as a planner without a model understands them.

/// Which side of a range a number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bound {
    Upper,
    Lower,
}

/// A number in a sentence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Number {
    pub(super) value: f64,
    pub(super) money: bool,
    pub(super) bound: Option<Bound>,
}

/// What a word is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// A word that says something.
    Word,
    /// A word that only holds others together.
    Filler,
    /// A number.
    Number(Number),
    /// Letters and digits, such as `p001`.
    Identifier,
    /// Words in quotation marks.
    Quoted,
}

/// A word of a sentence.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Word {
    pub(super) raw: String,
    pub(super) stem: String,
    pub(super) kind: Kind,
}

const FILLERS: &[&str] = &[
    "a",
    "an",
    "the",
    "me",
    "my",
    "i",
    "you",
    "your",
    "we",
    "our",
    "us",
    "it",
    "its",
    "is",
    "are",
    "was",
    "were",
    "be",
    "do",
    "does",
    "did",
    "can",
    "could",
    "would",
    "will",
    "please",
    "of",
    "in",
    "on",
    "at",
    "to",
    "for",
    "from",
    "by",
    "with",
    "and",
    "or",
    "that",
    "this",
    "these",
    "those",
    "there",
    "than",
    "then",
    "under",
    "below",
    "over",
    "above",
    "between",
    "less",
    "more",
    "most",
    "least",
    "up",
    "about",
    "all",
    "any",
    "everything",
    "anything",
    "something",
    "some",
    "have",
    "has",
    "how",
    "many",
    "much",
    "dollar",
    "dollars",
    "euro",
    "euros",
    "usd",
    "eur",
    "cheaper",
    "want",
    "like",
    "need",
    "also",
    "now",
    "s",
];

/// A word without its case and its plural.
pub(super) fn stem(word: &str) -> String {
    let word = word.to_lowercase();
    if let Some(start) = word.strip_suffix("ies")
        && start.len() > 1
    {
        return format!("{start}y");
    }
    match word.strip_suffix('s') {
        // "status" has no singular "statu".
        Some(start) if start.len() > 2 && !start.ends_with(['s', 'u']) => start.to_owned(),
        _ => word,
    }
}

/// The stems of a name in any case: `productIds` is `product` and `id`.
pub(super) fn name_stems(name: &str) -> Vec<String> {
    name_words(name).iter().map(|word| stem(word)).collect()
}

/// The words of a name in any case, in lower case: `productIds` is `product` and `ids`.
pub(super) fn name_words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut lower_before = false;
    for character in name.chars() {
        if !character.is_alphanumeric() {
            words.push(String::new());
            lower_before = false;
            continue;
        }
        if words.is_empty() || (character.is_uppercase() && lower_before) {
            words.push(String::new());
        }
        lower_before = character.is_lowercase() || character.is_numeric();
        if let Some(word) = words.last_mut() {
            word.push(character);
        }
    }
    let words = words.into_iter().filter(|word| !word.is_empty());
    words.map(|word| word.to_lowercase()).collect()
}

/// The stems of the words of a description that say something.
pub(super) fn description_stems(description: &str) -> Vec<String> {
    let words = description.split(|character: char| !character.is_alphanumeric());
    words
        .filter(|word| !word.is_empty() && !is_filler(word))
        .map(stem)
        .collect()
}

fn is_filler(word: &str) -> bool {
    FILLERS.contains(&word.to_lowercase().as_str())
}

/// Whether `word` looks like an identifier: letters and digits, perhaps with `-` and `_` between.
pub(super) fn is_identifier(word: &str) -> bool {
    word.chars().any(char::is_numeric)
        && word.chars().any(char::is_alphabetic)
        && word
            .chars()
            .all(|character| character.is_alphanumeric() || matches!(character, '-' | '_'))
}

/// The shape of an identifier: `p001` and `p42` are alike, `ord-7` is not.
pub(super) fn shape(identifier: &str) -> String {
    let mut shape = String::new();
    for character in identifier.to_lowercase().chars() {
        let character = if character.is_numeric() {
            '#'
        } else {
            character
        };
        if character != '#' || !shape.ends_with('#') {
            shape.push(character);
        }
    }
    shape
}

/// The words of a sentence.
pub(super) fn words(sentence: &str) -> Vec<Word> {
    let mut words = Vec::new();
    for (index, part) in sentence.split(['"', '“', '”']).enumerate() {
        if index % 2 == 1 {
            let raw = part.trim().to_owned();
            if !raw.is_empty() {
                words.push(Word {
                    stem: stem(&raw),
                    raw,
                    kind: Kind::Quoted,
                });
            }
            continue;
        }
        for token in part.split_whitespace() {
            let raw = token.trim_matches(|character: char| {
                !character.is_alphanumeric() && !matches!(character, '$' | '€' | '£')
            });
            let raw = raw.strip_suffix("'s").unwrap_or(raw);
            if !raw.is_empty() {
                words.push(word(raw));
            }
        }
    }
    bounded(&mut words);
    words
}

fn word(raw: &str) -> Word {
    let times = raw.strip_suffix(['x', '×']);
    let times = times.filter(|count| count.chars().all(char::is_numeric));
    let amount = times.unwrap_or(raw).trim_matches(['$', '€', '£']);
    let number = spelled(raw).or_else(|| amount.replace(',', "").parse().ok());
    let kind = match number {
        Some(value) if value.is_finite() => Kind::Number(Number {
            value,
            money: times.is_none() && amount.len() != raw.len(),
            bound: None,
        }),
        _ if is_identifier(raw) => Kind::Identifier,
        _ if is_filler(raw) => Kind::Filler,
        _ => Kind::Word,
    };
    Word {
        raw: raw.to_owned(),
        stem: stem(raw),
        kind,
    }
}

fn spelled(word: &str) -> Option<f64> {
    let numbers = [
        "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    ];
    let position = numbers
        .iter()
        .position(|number| word.eq_ignore_ascii_case(number))?;
    Some((1..=10).nth(position).map_or(0.0, f64::from))
}

/// Finds the bounds in front of numbers, and the currency behind them.
fn bounded(words: &mut [Word]) {
    for index in 0..words.len() {
        let before = |back: usize| index.checked_sub(back).and_then(|at| words.get(at));
        let one = before(1).map_or("", |word| word.stem.as_str());
        let two = before(2).map_or("", |word| word.stem.as_str());
        let between = before(3).map_or("", |word| word.stem.as_str());
        let bound = match (two, one) {
            (_, "under" | "below" | "maximum" | "max" | "until")
            | ("les" | "less" | "cheaper" | "fewer" | "lower", "than")
            | ("at", "most")
            | ("up", "to") => Some(Bound::Upper),
            (_, "over" | "above" | "minimum" | "min" | "between" | "from")
            | ("more" | "higher" | "greater", "than")
            | ("at", "least") => Some(Bound::Lower),
            (_, "and" | "to") if matches!(between, "between" | "from") => Some(Bound::Upper),
            _ => None,
        };
        let currency = words
            .get(index + 1)
            .is_some_and(|next| matches!(next.stem.as_str(), "dollar" | "euro" | "usd" | "eur"));
        if let Some(Word {
            kind: Kind::Number(number),
            ..
        }) = words.get_mut(index)
        {
            number.bound = bound;
            number.money |= currency;
        }
    }
}
