//! What an access token says about itself, read without verifying it.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::Value;

/// Claims that the checks look at. Holds no part of the token that could be used.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TokenFacts {
    /// Whether it is a JWT.
    pub readable: bool,
    /// `aud`.
    pub audience: Vec<String>,
    /// `scope`.
    pub scopes: Option<Vec<String>>,
    /// `exp`.
    pub expires: Option<u64>,
    /// Whether it is a program's: Cognito issues those without `aud`, with the app client as `sub`.
    pub is_program: bool,
}

impl TokenFacts {
    /// Reads the claims of a JWT; nothing is readable in any other token.
    #[must_use]
    pub fn read(token: &str) -> Self {
        let claims = token
            .split('.')
            .nth(1)
            .and_then(|part| {
                BASE64_URL_SAFE_NO_PAD
                    .decode(part.trim_end_matches('='))
                    .ok()
            })
            .and_then(|json| serde_json::from_slice::<Value>(&json).ok());
        let Some(claims) = claims else {
            return Self::default();
        };
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        let audience = claims.get("aud").map_or_else(Vec::new, |audience| {
            let several = audience.as_array().cloned();
            several
                .unwrap_or_else(|| vec![audience.clone()])
                .iter()
                .filter_map(|entry| entry.as_str().map(str::to_owned))
                .collect()
        });
        Self {
            readable: true,
            audience,
            scopes: text("scope").map(|scopes| scopes.split(' ').map(str::to_owned).collect()),
            expires: claims.get("exp").and_then(Value::as_u64),
            is_program: text("sub").is_some() && text("sub") == text("client_id"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::TokenFacts;
    use base64::Engine;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;

    #[test]
    fn reads_the_claims_of_a_jwt_and_nothing_of_another_token() {
        let claims = BASE64_URL_SAFE_NO_PAD.encode(
            r#"{"aud":"https://a.example/mcp","scope":"a b","exp":9,"sub":"c","client_id":"c"}"#,
        );
        let facts = TokenFacts::read(&format!("e30.{claims}.x"));
        assert_eq!(facts.audience, ["https://a.example/mcp"]);
        assert_eq!((facts.expires, facts.is_program), (Some(9), true));
        assert_eq!(facts.scopes.unwrap(), ["a", "b"]);
        assert!(!TokenFacts::read("opaque").readable);
    }
}
