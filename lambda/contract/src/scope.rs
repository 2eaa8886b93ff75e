//! Validates OAuth scope names and joins them with the resource identifier.

use crate::name_rule::{Characters, NameRule};

/// A whole OAuth scope: a `scope-token` (RFC 6749 section 3.3).
pub const SCOPE_TOKEN: NameRule = NameRule {
    prefix: "",
    first: TOKEN_CHARACTERS,
    other: TOKEN_CHARACTERS,
    length: 1..=usize::MAX,
};

const TOKEN_CHARACTERS: Characters = &['!'..='!', '#'..='[', ']'..='~'];

/// The part of an OAuth scope after the resource identifier, for example `dog-facts`: a [`SCOPE_TOKEN`] less
/// what Cognito refuses, which is `/`, its own separator, and more than 256 characters.
///
/// An API Gateway in front of the server refuses more: its challenge cannot hold `$`, `#` and `'`.
pub const SCOPE_NAME: NameRule = NameRule {
    prefix: "",
    first: NAME_CHARACTERS,
    other: NAME_CHARACTERS,
    length: 1..=256,
};

const NAME_CHARACTERS: Characters = &['!'..='!', '#'..='.', '0'..='[', ']'..='~'];

/// [`SCOPE_NAME`] in words, for errors.
pub(crate) const SCOPE_NAME_IN_WORDS: &str =
    "1 to 256 characters of printable ASCII without space, quote, backslash or slash";

/// A string that cannot be the name of an OAuth scope of a Cognito resource-server registration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("scope name {0:?} must be {SCOPE_NAME_IN_WORDS}")]
pub struct InvalidScopeName(String);

/// Checks a scope name by [`SCOPE_NAME`].
///
/// # Errors
///
/// [`InvalidScopeName`] when the name is empty, longer than 256 characters or has other characters.
pub fn validate_scope_name(name: &str) -> Result<(), InvalidScopeName> {
    if SCOPE_NAME.allows(name) {
        Ok(())
    } else {
        Err(InvalidScopeName(name.to_owned()))
    }
}

/// The scope string on the wire: `<resource identifier>/<scope name>`, as Cognito spells custom scopes.
#[must_use]
pub fn full_scope(resource_identifier: &str, scope_name: &str) -> String {
    format!("{resource_identifier}/{scope_name}")
}

#[cfg(test)]
mod tests {
    use super::{SCOPE_NAME, validate_scope_name};

    #[test]
    fn refuses_names_that_cognito_refuses() {
        for legal in ["dog-facts", "counter.read", "a:b", "a!b"] {
            assert!(validate_scope_name(legal).is_ok(), "{legal}");
        }
        for illegal in [
            "",
            "counter/read",
            "a b",
            "a\"b",
            "a\\b",
            "ä",
            &"x".repeat(257),
        ] {
            assert!(validate_scope_name(illegal).is_err(), "{illegal}");
        }
        // Cognito's API model: [\x21\x23-\x2E\x30-\x5B\x5D-\x7E]+
        let allowed: String = (0..=255_u8)
            .map(char::from)
            .filter(|character| SCOPE_NAME.allows(&character.to_string()))
            .collect();
        let cognito = |byte: &u8| matches!(byte, 0x21 | 0x23..=0x2e | 0x30..=0x5b | 0x5d..=0x7e);
        let expected: String = (0..=255_u8).filter(cognito).map(char::from).collect();
        assert_eq!(allowed, expected);
    }
}
