//! What a play found, and what follows from it.

use serde::Serialize;

/// What a play found out about one behaviour: a sentence for each thing that it looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Findings {
    /// As this project expects.
    pub confirmed: Vec<String>,
    /// Otherwise: the documents or the code are wrong.
    pub refuted: Vec<String>,
    /// What nothing is expected of: written down for the documents.
    pub observed: Vec<String>,
    /// What was not looked at, and what it needs.
    pub open: Vec<String>,
}

/// What follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// Everything is as expected.
    Confirmed,
    /// What was looked at is as expected, and something was not looked at.
    PartlyConfirmed,
    /// Something is not as expected.
    Refuted,
    /// Something was written down, of which nothing is expected.
    Observed,
    /// Nothing was looked at.
    NotPlayed,
    /// The emulator says nothing about it.
    EmulatorCannotTell,
}

impl Findings {
    /// Nothing was looked at, because of `reason`.
    #[must_use]
    pub fn not_played(reason: impl Into<String>) -> Self {
        let mut findings = Self::default();
        findings.leave_open(reason);
        findings
    }

    /// Writes down `seen` as what was expected or not.
    pub fn expect(&mut self, as_expected: bool, seen: impl Into<String>) {
        if as_expected {
            self.confirmed.push(seen.into());
        } else {
            self.refuted.push(seen.into());
        }
    }

    /// Writes down what nothing is expected of.
    pub fn observe(&mut self, seen: impl Into<String>) {
        self.observed.push(seen.into());
    }

    /// Writes down what was not looked at.
    pub fn leave_open(&mut self, what: impl Into<String>) {
        self.open.push(what.into());
    }

    /// What follows.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let is_open = !self.open.is_empty();
        if !self.refuted.is_empty() {
            Verdict::Refuted
        } else if !self.confirmed.is_empty() && is_open {
            Verdict::PartlyConfirmed
        } else if !self.confirmed.is_empty() {
            Verdict::Confirmed
        } else if !self.observed.is_empty() {
            Verdict::Observed
        } else {
            Verdict::NotPlayed
        }
    }
}

impl Verdict {
    /// The verdict in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::PartlyConfirmed => "confirmed in part",
            Self::Refuted => "refuted",
            Self::Observed => "observed",
            Self::NotPlayed => "not played",
            Self::EmulatorCannotTell => "the emulator cannot tell",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Findings, Verdict};

    #[test]
    fn one_thing_that_differs_refutes_and_one_that_is_open_leaves_a_part() {
        let mut findings = Findings::not_played("needs a sign-in");
        assert_eq!(findings.verdict(), Verdict::NotPlayed);
        findings.observe("302");
        assert_eq!(findings.verdict(), Verdict::Observed);
        findings.expect(true, "401");
        assert_eq!(findings.verdict(), Verdict::PartlyConfirmed);
        findings.open.clear();
        assert_eq!(findings.verdict(), Verdict::Confirmed);
        findings.expect(false, "200");
        assert_eq!(findings.verdict(), Verdict::Refuted);
    }
}
