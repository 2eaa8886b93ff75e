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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidChallengeValue {
    parameter: &'static str,
    value: String,
}

impl fmt::Display for InvalidChallengeValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "challenge parameter {} must be printable ASCII without quote and backslash, got {:?}",
            self.parameter, self.value
        )
    }
}

impl std::error::Error for InvalidChallengeValue {}

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
        Self {
            parameters: Vec::new(),
        }
        .parameter("resource_metadata", metadata_url)?
        .parameter("scope", &scopes.join(" "))
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
        Self {
            parameters: Vec::new(),
        }
        .parameter("error", "invalid_token")?
        .parameter("error_description", description)?
        .parameter("resource_metadata", metadata_url)?
        .parameter("scope", &scopes.join(" "))
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
        Self {
            parameters: Vec::new(),
        }
        .parameter("error", "insufficient_scope")?
        .parameter("scope", &scopes.join(" "))?
        .parameter("resource_metadata", metadata_url)
    }

    fn parameter(mut self, name: &'static str, value: &str) -> Result<Self, InvalidChallengeValue> {
        if value
            .bytes()
            .any(|byte| !(0x20..=0x7e).contains(&byte) || matches!(byte, b'"' | b'\\'))
        {
            return Err(InvalidChallengeValue {
                parameter: name,
                value: value.to_owned(),
            });
        }
        self.parameters.push((name, value.to_owned()));
        Ok(self)
    }
}

impl fmt::Display for Challenge {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Bearer")?;
        for (index, (name, value)) in self.parameters.iter().enumerate() {
            let separator = if index == 0 { ' ' } else { ',' };
            let space = if index == 0 { "" } else { " " };
            write!(formatter, "{separator}{space}{name}=\"{value}\"")?;
        }
        Ok(())
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
