//! Builds the `WWW-Authenticate` values of 401 and 403 responses (RFC 6750 section 3, RFC 9728 section 5.1).

use std::fmt;

/// The value of a `WWW-Authenticate: Bearer …` header (RFC 6750 section 3, RFC 9728 section 5.1).
///
/// One check covers every parameter and refuses values that would break out of their quotes, so parameters cannot split
/// or extend the header.
///
/// Does not check that the URL or the scopes are those of this server; the caller passes settings, never request data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    parameters: Vec<(&'static str, String)>,
}

/// A value that must not be part of a challenge: it contains a quote, a backslash, a control character or a character
/// outside ASCII. RFC 6750 section 3 forbids them in `scope` and `error_description` even when escaped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "challenge parameter {parameter} must be printable ASCII without quote and backslash, got {value:?}"
)]
pub struct InvalidChallengeValue {
    parameter: &'static str,
    value: String,
}

impl Challenge {
    /// The challenge for a request without an access token (RFC 6750 section 3.1: no `error` then).
    ///
    /// # Errors
    ///
    /// [`InvalidChallengeValue`] names the parameter that cannot be sent.
    pub fn token_required(
        metadata_url: &str,
        scopes: &[String],
    ) -> Result<Self, InvalidChallengeValue> {
        Self::of(&[
            ("resource_metadata", metadata_url),
            ("scope", &scopes.join(" ")),
        ])
    }

    /// The challenge for an access token that was refused: malformed, expired, revoked, or for another audience.
    ///
    /// # Errors
    ///
    /// [`InvalidChallengeValue`] names the parameter that cannot be sent.
    pub fn invalid_token(
        description: &str,
        metadata_url: &str,
        scopes: &[String],
    ) -> Result<Self, InvalidChallengeValue> {
        Self::of(&[
            ("error", "invalid_token"),
            ("error_description", description),
            ("resource_metadata", metadata_url),
            ("scope", &scopes.join(" ")),
        ])
    }

    /// The challenge for a valid access token without the scopes that a tool needs. `scopes` are all the scopes the
    /// operation needs, not only the missing ones, so that one more authorization is enough.
    ///
    /// # Errors
    ///
    /// [`InvalidChallengeValue`] names the parameter that cannot be sent.
    pub fn insufficient_scope(
        metadata_url: &str,
        scopes: &[String],
    ) -> Result<Self, InvalidChallengeValue> {
        Self::of(&[
            ("error", "insufficient_scope"),
            ("scope", &scopes.join(" ")),
            ("resource_metadata", metadata_url),
        ])
    }

    fn of(parameters: &[(&'static str, &str)]) -> Result<Self, InvalidChallengeValue> {
        let breaks_out = |byte: u8| !(0x20..=0x7e).contains(&byte) || matches!(byte, b'"' | b'\\');
        let checked = parameters.iter().map(|&(parameter, value)| {
            let value = value.to_owned();
            if value.bytes().any(breaks_out) {
                return Err(InvalidChallengeValue { parameter, value });
            }
            Ok((parameter, value))
        });
        Ok(Self {
            parameters: checked.collect::<Result<_, _>>()?,
        })
    }
}

impl fmt::Display for Challenge {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parameters = self.parameters.iter();
        let parameters: Vec<String> = parameters
            .map(|(name, value)| format!("{name}=\"{value}\""))
            .collect();
        write!(formatter, "Bearer {}", parameters.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::Challenge;

    const METADATA: &str = "https://d111.cloudfront.net/.well-known/oauth-protected-resource/mcp";

    #[test]
    fn names_all_needed_scopes_at_once() {
        let scopes = [
            "https://d111.cloudfront.net/mcp/a".to_owned(),
            "https://d111.cloudfront.net/mcp/b".to_owned(),
        ];
        assert_eq!(
            Challenge::insufficient_scope(METADATA, &scopes)
                .unwrap()
                .to_string(),
            "Bearer error=\"insufficient_scope\", \
             scope=\"https://d111.cloudfront.net/mcp/a https://d111.cloudfront.net/mcp/b\", \
             resource_metadata=\"https://d111.cloudfront.net/.well-known/oauth-protected-resource/mcp\""
        );
        assert_eq!(
            Challenge::token_required(METADATA, &scopes[..1])
                .unwrap()
                .to_string(),
            "Bearer resource_metadata=\"https://d111.cloudfront.net/.well-known/oauth-protected-resource/mcp\", \
             scope=\"https://d111.cloudfront.net/mcp/a\""
        );
    }

    #[test]
    fn refuses_values_that_would_leave_their_quotes() {
        for hostile in [
            "a\", error=\"x",
            "a\\",
            "a\r\nSet-Cookie: x=y",
            "a\0",
            "ä",
            "a\tb",
            "\u{7f}",
        ] {
            assert!(
                Challenge::token_required(METADATA, &[hostile.to_owned()]).is_err(),
                "{hostile:?} as scope"
            );
            assert!(
                Challenge::token_required(hostile, &[]).is_err(),
                "{hostile:?} as metadata URL"
            );
            assert!(
                Challenge::invalid_token(hostile, METADATA, &[]).is_err(),
                "{hostile:?} as description"
            );
        }
    }
}
