//! Rules for names as data: the Rust programs apply them, and the constructs get them as regular expressions.

use std::ops::RangeInclusive;

/// Ranges of characters.
pub(crate) type Characters = &'static [RangeInclusive<char>];

/// Which characters a name may have, and how many. All of them are ASCII.
#[derive(Clone, Debug)]
pub struct NameRule {
    /// What every name begins with.
    pub prefix: &'static str,
    /// The first character after the prefix.
    pub first: Characters,
    /// Every other character.
    pub other: Characters,
    /// The shortest and the longest name, without the prefix. No limit: `usize::MAX`.
    pub length: RangeInclusive<usize>,
}

impl NameRule {
    /// Whether this is such a name.
    #[must_use]
    pub fn allows(&self, name: &str) -> bool {
        let within = |ranges: Characters, character: char| {
            ranges.iter().any(|range| range.contains(&character))
        };
        let Some(name) = name.strip_prefix(self.prefix) else {
            return false;
        };
        let mut characters = name.chars();
        self.length.contains(&name.len())
            && characters
                .next()
                .is_none_or(|first| within(self.first, first))
            && characters.all(|character| within(self.other, character))
    }

    /// The same rule as a regular expression of ECMAScript, for JSON Schema and for the constructs.
    #[must_use]
    pub fn pattern(&self) -> String {
        let (least, most) = (*self.length.start(), *self.length.end());
        let (first, other) = (class(self.first), class(self.other));
        let prefix = self.prefix;
        if first == other {
            format!("^{prefix}{other}{}$", count(least, most))
        } else {
            let less = |length| {
                if length == usize::MAX {
                    length
                } else {
                    length - 1
                }
            };
            let rest = count(less(least), less(most));
            format!("^{prefix}{first}{other}{rest}$")
        }
    }
}

fn class(ranges: Characters) -> String {
    let escaped = |character: &char| match character {
        '[' | ']' | '\\' => format!("\\{character}"),
        _ => character.to_string(),
    };
    let ranges = ranges
        .iter()
        .map(|range| match (range.start(), range.end()) {
            (start, end) if start == end => escaped(start),
            (start, end) => format!("{}-{}", escaped(start), escaped(end)),
        });
    format!("[{}]", ranges.collect::<String>())
}

fn count(least: usize, most: usize) -> String {
    match (least, most) {
        (1, usize::MAX) => "+".to_owned(),
        (0, usize::MAX) => "*".to_owned(),
        (least, most) if least == most => format!("{{{least}}}"),
        (least, most) => format!("{{{least},{most}}}"),
    }
}

/// A SHA-256 digest: 64 lower-case hexadecimal characters.
pub const SHA256_DIGEST: NameRule = NameRule {
    prefix: "",
    first: &['0'..='9', 'a'..='f'],
    other: &['0'..='9', 'a'..='f'],
    length: 64..=64,
};

#[cfg(test)]
mod tests {
    use super::{NameRule, SHA256_DIGEST};

    #[test]
    fn is_said_to_others_as_a_regular_expression() {
        let rule = NameRule {
            prefix: "X-",
            first: &['a'..='z'],
            other: &['a'..='z', '['..=']', '-'..='-'],
            length: 1..=4,
        };
        assert_eq!(rule.pattern(), r"^X-[a-z][a-z\[-\]-]{0,3}$");
        for allowed in ["X-a", "X-a[-]"] {
            assert!(rule.allows(allowed), "{allowed}");
        }
        for refused in ["", "a", "X-", "X--", "X-abcde", "X-aB", "X-aä"] {
            assert!(!rule.allows(refused), "{refused}");
        }
        assert_eq!(SHA256_DIGEST.pattern(), "^[0-9a-f]{64}$");
    }
}
