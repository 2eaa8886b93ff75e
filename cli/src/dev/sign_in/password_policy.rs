//! The user pool's password policy, so that people read it before they type.

use axum::body::Body;
use axum::http::Request;
use serde::Deserialize;
use url::form_urlencoded;

use crate::dev::edge::Upstream;

/// The user pool's rules for passwords. Only the user pool checks them.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct PasswordPolicy {
    minimum_length: u32,
    require_uppercase: bool,
    require_lowercase: bool,
    require_numbers: bool,
    require_symbols: bool,
}

/// Cognito's rules for every password.
const ALWAYS: &str = "At most 256 characters, without a space at the beginning or the end.";

impl Default for PasswordPolicy {
    /// Cognito's own defaults, for members that a template leaves out.
    fn default() -> Self {
        Self {
            minimum_length: 8,
            require_uppercase: true,
            require_lowercase: true,
            require_numbers: true,
            require_symbols: true,
        }
    }
}

impl PasswordPolicy {
    /// The policy of the user pool that an app client belongs to, as the emulator has it; Cognito's own defaults if it does not
    /// say.
    pub(super) async fn of_client(upstream: &Upstream, client_id: &str) -> Self {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", client_id)
            .finish();
        let Ok(request) =
            Request::get(format!("/_mcp-lambda/password-policy?{query}")).body(Body::empty())
        else {
            return Self::default();
        };
        let response = upstream.call(request).await.ok();
        response
            .and_then(|response| serde_json::from_slice(response.body()).ok())
            .unwrap_or_default()
    }

    /// The policy as one sentence.
    pub(crate) fn sentence(&self) -> String {
        let wanted: Vec<&str> = [
            (self.require_uppercase, "an uppercase letter"),
            (self.require_lowercase, "a lowercase letter"),
            (self.require_numbers, "a number"),
            (self.require_symbols, "a symbol"),
        ]
        .into_iter()
        .filter_map(|(required, what)| required.then_some(what))
        .collect();
        let length = format!("At least {} characters", self.minimum_length);
        match wanted.as_slice() {
            [] => format!("{length}. {ALWAYS}"),
            [only] => format!("{length}, with {only}. {ALWAYS}"),
            [first @ .., last] => {
                format!("{length}, with {} and {last}. {ALWAYS}", first.join(", "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn says_the_policy_in_one_sentence_with_cognitos_defaults_for_what_is_left_out() {
        let policy: PasswordPolicy =
            serde_json::from_value(json!({"MinimumLength": 12, "RequireSymbols": false})).unwrap();
        assert_eq!(
            policy.sentence(),
            "At least 12 characters, with an uppercase letter, a lowercase letter and a number. \
             At most 256 characters, without a space at the beginning or the end."
        );
    }
}
