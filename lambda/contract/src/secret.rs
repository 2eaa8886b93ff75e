//! Defines [`Secret`], a setting whose value no error and no log shows.

use std::fmt;

use crate::{SettingType, SettingValue};

/// A setting such as an API key: an error about it and its `Debug` do not show the value.
///
/// The constructs set it like any other; `secret.secretValue.unsafeUnwrap()` is a reference that CloudFormation resolves at
/// deployment.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The value, for the request that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl SettingValue for Secret {
    const TYPE: SettingType = SettingType::String;
    const SECRET: bool = true;

    fn parse(text: &str) -> Result<Self, String> {
        // What CloudFormation has not resolved would be sent to the upstream API.
        if text.starts_with("{{resolve:") {
            return Err(
                "be the secret itself, not a reference that CloudFormation has not resolved"
                    .to_owned(),
            );
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use crate::{Reader, Secret, SettingValue};

    #[test]
    fn no_error_and_no_debug_shows_the_value() {
        let secret = Secret::parse("hunter2").unwrap();
        assert_eq!(secret.expose(), "hunter2");
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        let unresolved = "{{resolve:secretsmanager:shop/hunter2}}";
        let variables = [("KEY".to_owned(), unresolved.to_owned())].into();
        let mut reader = Reader::new(&variables);
        let value = reader.value::<Secret>("KEY", None);
        let problem = reader.finish(value).unwrap_err().to_string();
        assert!(
            problem.contains("KEY must be the secret itself"),
            "{problem}"
        );
        assert!(!problem.contains("hunter2"), "{problem}");
    }
}
