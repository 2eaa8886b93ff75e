use std::fmt;
use std::io::Write;
use std::sync::Arc;

use serde_json::{Value, json};

/// Writes one JSON object per line.
///
/// What goes in is chosen field by field: never a token, an argument of a tool, or a header value.
#[derive(Clone)]
pub(crate) struct Log {
    sink: Arc<dyn Fn(&str) + Send + Sync>,
}

impl Log {
    pub(crate) fn new(sink: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self {
            sink: Arc::new(sink),
        }
    }

    pub(crate) fn standard_error() -> Self {
        Self::new(|line| {
            // A log that cannot be written must not take the request with it.
            // One write, so that lines of several processes do not mix.
            let _ = std::io::stderr().write_all(format!("{line}\n").as_bytes());
        })
    }

    /// One request that was answered.
    pub(crate) fn request(&self, fields: &Value) {
        self.line("INFO", "request", fields);
    }

    /// Something that an operator should look at.
    pub(crate) fn error(&self, message: &str, fields: &Value) {
        self.line("ERROR", message, fields);
    }

    /// Something that is worth knowing.
    pub(crate) fn info(&self, message: &str, fields: &Value) {
        self.line("INFO", message, fields);
    }

    fn line(&self, level: &str, message: &str, fields: &Value) {
        let mut line = json!({ "level": level, "message": message });
        if let (Value::Object(line), Value::Object(fields)) = (&mut line, fields) {
            line.extend(
                fields
                    .iter()
                    .filter(|(_, value)| !value.is_null())
                    .map(|(name, value)| (name.clone(), value.clone())),
            );
        }
        (self.sink)(&line.to_string());
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Log")
    }
}
