//! The user pool's password policy, so that people read it before they type.

use serde::Deserialize;
use serde_json::Value;

/// The user pool's rules for passwords. Only the user pool checks them.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct PasswordPolicy {
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
    /// The policy of the one user pool in a CloudFormation template; None when there is no user pool.
    #[must_use]
    pub fn from_template(template: &Value) -> Option<Self> {
        let resources = template.get("Resources")?.as_object()?;
        let pool = resources
            .values()
            .find(|resource| resource["Type"] == "AWS::Cognito::UserPool")?;
        let policy = &pool["Properties"]["Policies"]["PasswordPolicy"];
        Some(serde_json::from_value(policy.clone()).unwrap_or_default())
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
    fn says_the_policy_of_the_template_in_one_sentence() {
        let template = json!({"Resources": {"Other": {"Type": "AWS::S3::Bucket"}, "Pool": {"Type": "AWS::Cognito::UserPool",
            "Properties": {"Policies": {"PasswordPolicy": {"MinimumLength": 12, "RequireSymbols": false}}}}}});
        assert_eq!(
            PasswordPolicy::from_template(&template)
                .map(|policy| policy.sentence())
                .as_deref(),
            Some(
                "At least 12 characters, with an uppercase letter, a lowercase letter and a number. \
                 At most 256 characters, without a space at the beginning or the end."
            )
        );
        assert!(PasswordPolicy::from_template(&json!({"Resources": {}})).is_none());
    }
}
