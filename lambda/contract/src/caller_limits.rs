//! Defines how often one caller may call single tools in a day.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use crate::{SettingType, SettingValue};

/// IAM actions on the state table of a server whose deployment limits callers.
pub const CALLER_LIMIT_ACTIONS: [&str; 1] = ["dynamodb:UpdateItem"];

/// The highest limit of a single caller, of requests or of calls.
pub const HIGHEST_CALLER_LIMIT: u32 = u32::MAX;

/// The most calls of single tools that one caller has in a day, by the tool's name; read from a JSON object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToolCallLimits(pub BTreeMap<String, NonZeroU32>);

impl SettingValue for ToolCallLimits {
    const TYPE: SettingType = SettingType::String;

    fn parse(text: &str) -> Result<Self, String> {
        match serde_json::from_str::<BTreeMap<String, NonZeroU32>>(text) {
            Ok(limits) if !limits.is_empty() => Ok(Self(limits)),
            Ok(_) | Err(_) => Err(
                "be a JSON object of tools and whole numbers, 1 or more, such as {\"create-order\":20}"
                    .to_owned(),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::{HIGHEST_CALLER_LIMIT, ToolCallLimits};
    use crate::SettingValue;

    #[test]
    fn the_highest_limit_is_read_and_one_more_is_not() {
        let highest = HIGHEST_CALLER_LIMIT.to_string();
        assert!(NonZeroU32::parse(&highest).is_ok());
        assert!(ToolCallLimits::parse(&format!(r#"{{"a":{highest}}}"#)).is_ok());
        let more = (u64::from(HIGHEST_CALLER_LIMIT) + 1).to_string();
        assert!(NonZeroU32::parse(&more).is_err());
        assert!(ToolCallLimits::parse(&format!(r#"{{"a":{more}}}"#)).is_err());
    }

    #[test]
    fn a_limit_is_a_whole_number_for_a_tool() {
        let limits = ToolCallLimits::parse(r#"{"create-order":20}"#).unwrap();
        assert_eq!(limits.0["create-order"].get(), 20);
        for wrong in [
            "{}",
            "[]",
            "20",
            r#"{"a":0}"#,
            r#"{"a":1.5}"#,
            r#"{"a":-1}"#,
        ] {
            assert!(ToolCallLimits::parse(wrong).is_err(), "{wrong}");
        }
    }
}
