//! A check: one question about the evidence, with its explanation and its fix.

use serde::Serialize;

use super::evidence::{Evidence, Received};

/// One check. Its function is pure.
#[derive(Clone, Copy)]
pub struct Check {
    /// Stable id, part of the JSON report.
    pub id: &'static str,
    /// What is wrong when it fails.
    pub title: &'static str,
    /// Why it matters, and to which clients.
    pub why: &'static str,
    /// The property of this project's constructs that fixes it.
    pub construct: &'static str,
    /// The fix anywhere else: an AWS setting, or what the server has to send.
    pub elsewhere: &'static str,
    /// Finds the fault; `None` if there is none, or if it could not be seen.
    pub find: fn(&Evidence) -> Option<Fault>,
}

impl std::fmt::Debug for Check {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Check")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// What was seen, with the value.
    pub detail: String,
    /// Numbers of the exchanges that show it.
    pub exchanges: Vec<usize>,
}

impl Fault {
    /// A fault that one exchange shows.
    #[must_use]
    pub fn at(exchange: usize, detail: impl Into<String>) -> Self {
        Self {
            detail: detail.into(),
            exchanges: vec![exchange],
        }
    }
}

/// Whether the server's response to a request without an access token asks for one.
#[must_use]
pub fn wants_token(response: &Received) -> bool {
    response.status == 401
}
