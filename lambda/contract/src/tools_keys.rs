//! Defines the API keys of a tools API: which caller, with which OAuth scopes, each is.

use serde::Deserialize;

use crate::{SettingType, SettingValue};

/// One API key of a tools API.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToolsKey {
    /// API Gateway's id of the key. The key itself is a secret, and the server never needs it.
    pub id: String,
    /// The caller's name.
    pub name: String,
    /// Names of the OAuth scopes that the caller has.
    pub scopes: Vec<String>,
}

/// The API keys of a tools API, read from a JSON array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolsKeys(pub Vec<ToolsKey>);

impl SettingValue for ToolsKeys {
    const TYPE: SettingType = SettingType::String;

    fn parse(text: &str) -> Result<Self, String> {
        let rule = || "be a JSON array of objects with id, name and scopes".to_owned();
        let keys: Vec<ToolsKey> = serde_json::from_str(text).map_err(|_| rule())?;
        for (index, key) in keys.iter().enumerate() {
            if key.id.is_empty() || key.name.is_empty() || key.scopes.is_empty() {
                return Err("give each API key an id, a name and one scope at least".to_owned());
            }
            let earlier = &keys[..index];
            if earlier
                .iter()
                .any(|other| other.id == key.id || other.name == key.name)
            {
                return Err("name each API key once".to_owned());
            }
        }
        Ok(Self(keys))
    }
}

impl ToolsKeys {
    /// The API key with this id.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<&ToolsKey> {
        self.0.iter().find(|key| key.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::ToolsKeys;
    use crate::SettingValue;

    #[test]
    fn two_keys_are_never_one_caller_and_no_key_is_without_a_scope() {
        let keys = ToolsKeys::parse(r#"[{"id":"a1","name":"reports","scopes":["read"]}]"#).unwrap();
        assert_eq!(keys.find("a1").unwrap().name, "reports");
        assert_eq!(keys.find("reports"), None);
        for (text, rule) in [
            ("{}", "be a JSON array of objects with id, name and scopes"),
            (
                r#"[{"id":"a"}]"#,
                "be a JSON array of objects with id, name and scopes",
            ),
            (
                r#"[{"id":"a","name":"x","scopes":[]}]"#,
                "give each API key an id, a name and one scope at least",
            ),
            (
                r#"[{"id":"a","name":"x","scopes":["r"]},{"id":"a","name":"y","scopes":["r"]}]"#,
                "name each API key once",
            ),
            (
                r#"[{"id":"a","name":"x","scopes":["r"]},{"id":"b","name":"x","scopes":["r"]}]"#,
                "name each API key once",
            ),
        ] {
            assert_eq!(ToolsKeys::parse(text).unwrap_err(), rule, "{text}");
        }
    }
}
