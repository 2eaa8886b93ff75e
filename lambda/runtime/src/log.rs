//! Writes log lines: one JSON object per line.

use std::fmt;
use std::io::Write;
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Value, json};

/// Writes one JSON object per line.
///
/// Every field is chosen explicitly: never a token, an argument of a tool, or a header value.
#[derive(Clone)]
pub struct Log {
    sink: Arc<dyn Fn(&str) + Send + Sync>,
    is_standard_error: bool,
}

impl Log {
    /// Writes each line, without a line feed, to a function.
    pub fn new(sink: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self {
            sink: Arc::new(sink),
            is_standard_error: false,
        }
    }

    /// Writes to the standard error stream, which Lambda sends to CloudWatch.
    #[must_use]
    pub fn standard_error() -> Self {
        let sink = |line: &str| {
            // A failing log must not fail the request. One write, so that lines of several processes do not mix.
            let _ = std::io::stderr().write_all(format!("{line}\n").as_bytes());
        };
        Self {
            is_standard_error: true,
            ..Self::new(sink)
        }
    }

    /// Logs every panic of the process from now on, if this is the process's own log.
    ///
    /// Logs only its source location: Rust's own report would write the message to the standard error stream, which may
    /// contain a caller's data.
    pub fn take_panics(&self) {
        self.hook_panics(false);
    }

    /// As [`Log::take_panics`], with the message, cut off after 500 characters: for programs whose authors read the log to find
    /// out what went wrong.
    pub fn take_panics_with_messages(&self) {
        self.hook_panics(true);
    }

    fn hook_panics(&self, has_messages: bool) {
        if self.is_standard_error {
            let log = self.clone();
            std::panic::set_hook(Box::new(move |panic| {
                let place = panic.location().map(ToString::to_string);
                let message = panic.payload_as_str().filter(|_| has_messages);
                let message = message.map(|text| text.chars().take(500).collect::<String>());
                log.error("a panic", &json!({ "place": place, "panic": message }));
            }));
        }
    }

    /// Logs a request that has ended.
    pub fn request(&self, line: &impl Serialize) {
        // Members that are strings and numbers can always be serialised.
        if let Ok(line) = serde_json::to_string(line) {
            (self.sink)(&line);
        }
    }

    /// Logs a problem that an operator should look at.
    pub fn error(&self, message: &str, fields: &Value) {
        self.line("ERROR", message, fields);
    }

    /// Logs information for operators.
    pub fn info(&self, message: &str, fields: &Value) {
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
