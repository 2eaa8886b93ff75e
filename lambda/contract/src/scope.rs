//! Validates OAuth scope names and joins them with the resource identifier.

use std::fmt;

/// A string that cannot be the name of an OAuth scope of a Cognito resource-server registration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidScopeName(String);

impl fmt::Display for InvalidScopeName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "scope name {:?} must be 1 to 256 characters of printable ASCII without space, quote, backslash or slash",
            self.0
        )
    }
}

impl std::error::Error for InvalidScopeName {}

/// Checks the part of an OAuth scope after the resource identifier, for example `dog-facts`.
///
/// The alphabet is that of RFC 6749 section 3.3 without `/`, which Cognito reserves as the separator.
///
/// # Errors
///
/// [`InvalidScopeName`] when the name is empty, longer than 256 characters or has other characters.
pub fn validate_scope_name(name: &str) -> Result<(), InvalidScopeName> {
    let legal = |byte: u8| (0x21..=0x7e).contains(&byte) && !matches!(byte, b'"' | b'\\' | b'/');
    if name.is_empty() || name.len() > 256 || !name.bytes().all(legal) {
        return Err(InvalidScopeName(name.to_owned()));
    }
    Ok(())
}

/// The scope string on the wire: `<resource identifier>/<scope name>`, as Cognito spells custom scopes.
#[must_use]
pub fn full_scope(resource_identifier: &str, scope_name: &str) -> String {
    format!("{resource_identifier}/{scope_name}")
}

#[cfg(test)]
mod tests {
    use super::validate_scope_name;

    #[test]
    fn refuses_names_that_cognito_refuses() {
        for legal in ["dog-facts", "counter.read", "a:b"] {
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
    }
}
