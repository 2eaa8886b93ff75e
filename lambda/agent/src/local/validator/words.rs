//! The exception, and what all checks use.

use serde_json::Value;

/// What a ValidationException says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(pub String);

/// Whether a check passed.
pub(super) type Checked = Result<(), Invalid>;

pub(super) fn refuse(words: impl Into<String>) -> Checked {
    Err(Invalid(words.into()))
}

pub(super) fn pattern(value: &str, at: &str) -> Checked {
    let refused = |constraint: &str| {
        refuse(format!(
            "1 validation error detected: Value '{value}' at '{at}' failed to satisfy constraint: Member must {constraint}"
        ))
    };
    if value.is_empty() {
        return refused("have length greater than or equal to 1");
    }
    if value.len() > 64 {
        return refused("have length less than or equal to 64");
    }
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if !value.bytes().all(fits) {
        return refused("satisfy regular expression pattern: [a-zA-Z0-9_-]+");
    }
    Ok(())
}

pub(super) fn blank(value: &Value) -> bool {
    value.as_str().is_none_or(|text| text.trim().is_empty())
}

pub(super) fn role(message: &Value) -> &str {
    message
        .get("role")
        .and_then(Value::as_str)
        .unwrap_or_default()
}
