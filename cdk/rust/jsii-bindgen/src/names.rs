//! Names: from JavaScript's conventions to Rust's.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

/// Names that the rules get wrong, given by a person (`--names`).
///
/// `words` replaces parts of names before they are split (`"OAuth": "Oauth"`); `members` names one
/// member outright (`"aws-cdk-lib.aws_s3.Bucket#bucketArn": "arn"`).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct NameTable {
    /// Parts of names.
    pub words: BTreeMap<String, String>,
    /// Whole members, by `fqn#member`.
    pub members: BTreeMap<String, String>,
}

/// Spellings with an inner capital that are one word to everybody.
const WORDS: &[(&str, &str)] = &[
    ("OAuth", "Oauth"),
    ("oAuth", "oauth"),
    ("DynamoDB", "Dynamodb"),
    ("dynamoDB", "dynamodb"),
    ("IPv4", "Ipv4"),
    ("IPv6", "Ipv6"),
    ("GraphQL", "Graphql"),
];

const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let",
    "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return",
    "static", "struct", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use",
    "virtual", "where", "while", "yield",
];

impl NameTable {
    /// The Rust name of a method, property or parameter.
    #[must_use]
    pub fn snake(&self, name: &str) -> String {
        identifier(&snake_case(&self.with_words(name)))
    }

    /// The Rust name of a member of a type: the table's, or the rule's.
    #[must_use]
    pub fn member(&self, fqn: &str, name: &str) -> String {
        self.members
            .get(&format!("{fqn}#{name}"))
            .cloned()
            .unwrap_or_else(|| self.snake(name))
    }

    fn with_words(&self, name: &str) -> String {
        let own = self
            .words
            .iter()
            .map(|(from, to)| (from.as_str(), to.as_str()));
        own.chain(WORDS.iter().copied())
            .fold(name.to_owned(), |name, (from, to)| name.replace(from, to))
    }
}

/// Splits at capitals; a run of capitals is one word: `enableVPCLink` is `enable_vpc_link`.
#[must_use]
pub fn snake_case(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut snake = String::new();
    for (index, letter) in letters.iter().enumerate() {
        if !letter.is_alphanumeric() {
            snake.push('_');
            continue;
        }
        let before = index.checked_sub(1).and_then(|at| letters.get(at));
        let after = letters.get(index + 1);
        let starts_word = letter.is_uppercase()
            && before.is_some_and(|before| {
                before.is_lowercase()
                    || before.is_numeric()
                    || (before.is_uppercase() && after.is_some_and(|after| after.is_lowercase()))
            });
        if starts_word {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

/// `ALL_CAPS` as `AllCaps`, for enum members.
#[must_use]
pub fn upper_camel(name: &str) -> String {
    let has_lowercase = name.chars().any(char::is_lowercase);
    let mut camel: String = name
        .split(|letter: char| !letter.is_alphanumeric())
        .flat_map(|word| {
            let mut letters = word.chars();
            let first = letters.next().map(|letter| letter.to_ascii_uppercase());
            let rest = letters.map(move |letter| {
                if has_lowercase {
                    letter
                } else {
                    letter.to_ascii_lowercase()
                }
            });
            first.into_iter().chain(rest).collect::<Vec<_>>()
        })
        .collect();
    if camel.is_empty() || camel.starts_with(|letter: char| letter.is_numeric()) {
        camel.insert(0, 'V');
    }
    if camel == "Self" {
        camel.push('_');
    }
    camel
}

/// `ALL_CAPS` for constants; names that are all capitals already stay.
#[must_use]
pub fn screaming(name: &str) -> String {
    if name.chars().any(char::is_lowercase) {
        snake_case(name).to_uppercase()
    } else {
        name.to_owned()
    }
}

/// A name that Rust accepts: keywords become raw identifiers, those that cannot get an underscore.
#[must_use]
pub fn identifier(name: &str) -> String {
    match name {
        "self" | "super" | "crate" | "Self" => format!("{name}_"),
        _ if KEYWORDS.contains(&name) => format!("r#{name}"),
        _ if name.starts_with(|letter: char| letter.is_numeric()) => format!("_{name}"),
        _ => name.to_owned(),
    }
}

/// Gives each name once; the second gets an underscore.
#[derive(Debug, Default)]
pub struct Taken(BTreeSet<String>);

impl Taken {
    /// With names that are not to be given.
    #[must_use]
    pub fn with(names: &[&str]) -> Self {
        Self(names.iter().map(|name| (*name).to_owned()).collect())
    }

    /// The name, or a variant of it that is free.
    pub fn claim(&mut self, name: &str) -> String {
        let mut name = name.to_owned();
        while !self.0.insert(name.clone()) {
            name = format!("{}_", name.trim_start_matches("r#"));
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_names_at_words() {
        let table = NameTable::default();
        for (name, wanted) in [
            ("bucketArn", "bucket_arn"),
            ("enableVPCLink", "enable_vpc_link"),
            ("oAuthScopes", "oauth_scopes"),
            ("s3Bucket", "s3_bucket"),
            ("type", "r#type"),
            ("self", "self_"),
            ("toIPv6Cidr", "to_ipv6_cidr"),
        ] {
            assert_eq!(table.snake(name), wanted);
        }
        assert_eq!(upper_camel("HTTP_1_1"), "Http11");
        assert_eq!(upper_camel("2XX"), "V2xx");
        assert_eq!(screaming("defaultName"), "DEFAULT_NAME");
    }

    #[test]
    fn prefers_the_table_of_the_user() {
        let table: NameTable = NameTable {
            words: BTreeMap::from([("McpServer".to_owned(), "Mcpserver".to_owned())]),
            members: BTreeMap::from([("lib.A#to".to_owned(), "destination".to_owned())]),
        };
        assert_eq!(table.snake("addMcpServer"), "add_mcpserver");
        assert_eq!(table.member("lib.A", "to"), "destination");
        assert_eq!(table.member("lib.B", "to"), "to");
    }
}
