//! The name of a new project, which is that of its Cargo package, its program and its npm package.

use std::fmt;

/// A name that Cargo and npm accept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectName(String);

/// Why a name is none.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the project's name must {rule}, because it names a Cargo package; got {name:?}{hint}")]
pub struct NameError {
    name: String,
    rule: &'static str,
    hint: String,
}

/// Longest name: with the names of the stack's parts, it must fit into names of AWS resources.
const LONGEST: usize = 40;

/// Names that Cargo refuses for a package or that hide a crate of the server: Rust's keywords, the crates of the language,
/// the crates that a server uses, and names of folders that Cargo has for its own files.
const TAKEN: [&str; 67] = [
    "abstract",
    "alloc",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "build",
    "const",
    "continue",
    "core",
    "crate",
    "deps",
    "do",
    "dyn",
    "else",
    "enum",
    "examples",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "incremental",
    "let",
    "loop",
    "macro",
    "match",
    "mcp-lambda",
    "mcp-lambda-testing",
    "mod",
    "move",
    "mut",
    "override",
    "priv",
    "proc-macro",
    "pub",
    "ref",
    "return",
    "rmcp",
    "schemars",
    "self",
    "serde",
    "serde-json",
    "static",
    "std",
    "struct",
    "super",
    "test",
    "tokio",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "unsafe",
    "unsized",
    "use",
    "virtual",
    "where",
    "while",
    "yield",
];

impl ProjectName {
    /// Reads the name of a project.
    ///
    /// # Errors
    ///
    /// The name breaks a rule of Cargo or npm; the message says which one and, where there is one, a name that does not.
    pub fn parse(name: &str) -> Result<Self, NameError> {
        let refused = |rule| {
            let suggested = suggestion(name);
            let hint = match suggested.as_str() {
                "" => String::new(),
                suggested if check(suggested).is_err() => String::new(),
                suggested => format!("; {suggested:?} would do"),
            };
            NameError {
                name: name.to_owned(),
                rule,
                hint,
            }
        };
        check(name).map_err(refused)?;
        Ok(Self(name.to_owned()))
    }

    /// The name as Rust writes it: `shop_orders`.
    #[must_use]
    pub fn crate_name(&self) -> String {
        self.0.replace('-', "_")
    }

    /// The name as a type is written: `ShopOrders`.
    #[must_use]
    pub fn type_name(&self) -> String {
        self.0
            .split(['-', '_'])
            .map(|word| {
                let mut letters = word.chars();
                letters
                    .next()
                    .map(|first| first.to_ascii_uppercase())
                    .into_iter()
                    .chain(letters)
                    .collect::<String>()
            })
            .collect()
    }
}

impl fmt::Display for ProjectName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

fn check(name: &str) -> Result<(), &'static str> {
    let allowed = |letter: char| matches!(letter, 'a'..='z' | '0'..='9' | '-' | '_');
    if name.is_empty() || name.len() > LONGEST {
        return Err("have 1 to 40 characters");
    }
    if !name.starts_with(|first: char| first.is_ascii_lowercase()) {
        return Err("begin with a lower-case letter");
    }
    if !name.chars().all(allowed) {
        return Err("have lower-case letters, digits, - and _ only");
    }
    if !name.ends_with(|last: char| last.is_ascii_alphanumeric()) {
        return Err("end with a letter or a digit");
    }
    if TAKEN.contains(&name.replace('_', "-").as_str()) {
        return Err("be none that Rust, Cargo or a crate of the server has already");
    }
    Ok(())
}

/// The nearest name with allowed characters only.
fn suggestion(name: &str) -> String {
    let mut suggested = String::new();
    for letter in name.trim().chars() {
        match letter {
            'A'..='Z' => suggested.push(letter.to_ascii_lowercase()),
            'a'..='z' | '0'..='9' | '_' => suggested.push(letter),
            _ if suggested.ends_with('-') => {}
            _ => suggested.push('-'),
        }
    }
    suggested
        .trim_start_matches(|first: char| !first.is_ascii_lowercase())
        .trim_end_matches(['-', '_'])
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::ProjectName;

    #[test]
    fn is_written_as_the_languages_write_names() {
        let name = ProjectName::parse("shop-orders_2").unwrap();
        assert_eq!(name.to_string(), "shop-orders_2");
        assert_eq!(name.crate_name(), "shop_orders_2");
        assert_eq!(name.type_name(), "ShopOrders2");
    }

    #[test]
    fn names_the_rule_that_a_name_breaks_and_one_that_would_do() {
        for (name, said) in [
            (
                "",
                "must have 1 to 40 characters, because it names a Cargo package; got \"\"",
            ),
            (
                "My Shop",
                "must begin with a lower-case letter, because it names a Cargo package; got \"My Shop\"; \"my-shop\" would do",
            ),
            (
                "shöp",
                "must have lower-case letters, digits, - and _ only, because it names a Cargo package; got \"shöp\"; \"sh-p\" would do",
            ),
            (
                "2shop",
                "must begin with a lower-case letter, because it names a Cargo package; got \"2shop\"; \"shop\" would do",
            ),
            (
                "shop-",
                "must end with a letter or a digit, because it names a Cargo package; got \"shop-\"; \"shop\" would do",
            ),
            (
                "async",
                "must be none that Rust, Cargo or a crate of the server has already, because it names a Cargo package; got \"async\"",
            ),
            (
                "serde_json",
                "must be none that Rust, Cargo or a crate of the server has already, because it names a Cargo package; got \"serde_json\"",
            ),
        ] {
            let error = ProjectName::parse(name).unwrap_err().to_string();
            assert_eq!(error, format!("the project's name {said}"));
        }
    }
}
