//! The report of a run: a verdict and what was seen for each row.

use std::fmt::Write;

use serde::Serialize;

use super::findings::{Findings, Verdict};
use super::row::Row;

/// A whole run.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The stack.
    pub stack: String,
    /// Its ARN, with the account.
    pub stack_id: String,
    /// The MCP URL.
    pub url: String,
    /// The day and time of the run, RFC 3339 in UTC.
    pub at: String,
    /// Whether AWS was an emulator.
    pub emulated: bool,
    /// The rows that were asked for.
    pub rows: Vec<RowReport>,
}

/// What a run says about one row.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RowReport {
    /// The row.
    pub id: &'static str,
    /// What the project relies on.
    pub behaviour: &'static str,
    /// The second column.
    pub locally: &'static str,
    /// The third column.
    pub live: &'static str,
    /// The verdict.
    pub verdict: Verdict,
    /// Whether a person said it.
    pub by_person: bool,
    /// What was seen.
    pub findings: Findings,
}

impl RowReport {
    /// The report of a row.
    #[must_use]
    pub fn of(row: &Row, verdict: Verdict, by_person: bool, findings: Findings) -> Self {
        Self {
            id: row.id,
            behaviour: row.behaviour,
            locally: row.locally,
            live: row.live,
            verdict,
            by_person,
            findings,
        }
    }

    /// What was seen, one sentence after the other; what is open says so.
    fn seen(&self) -> Vec<String> {
        let Findings {
            confirmed,
            refuted,
            observed,
            open,
        } = &self.findings;
        let refuted = refuted
            .iter()
            .map(|seen| format!("not as expected: {seen}"));
        let open = open.iter().map(|seen| format!("open: {seen}"));
        let observed = observed.iter().map(|seen| format!("observed: {seen}"));
        refuted
            .chain(confirmed.iter().cloned())
            .chain(observed)
            .chain(open)
            .collect()
    }

    /// The lines of a terminal.
    #[must_use]
    pub fn lines(&self) -> String {
        let mut lines = format!("{:<24}  {}", self.verdict.words(), self.id);
        if self.verdict != Verdict::EmulatorCannotTell {
            for seen in self.seen() {
                // Writing to a string cannot fail.
                let _ = write!(lines, "\n                          {seen}");
            }
        }
        lines
    }
}

impl Report {
    /// How many rows have this verdict.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> usize {
        self.rows
            .iter()
            .filter(|row| row.verdict == verdict)
            .count()
    }

    /// The numbers of the verdicts in one line.
    #[must_use]
    pub fn totals(&self) -> String {
        let all = [
            Verdict::Refuted,
            Verdict::Confirmed,
            Verdict::PartlyConfirmed,
            Verdict::Observed,
            Verdict::EmulatorCannotTell,
            Verdict::NotPlayed,
        ];
        let counts = all.iter().filter_map(|verdict| match self.count(*verdict) {
            0 => None,
            count => Some(format!("{count} {}", verdict.words())),
        });
        counts.collect::<Vec<_>>().join(", ")
    }

    /// The report as a Markdown document.
    #[must_use]
    pub fn markdown(&self) -> String {
        let on = if self.emulated {
            "an emulator on one machine"
        } else {
            "AWS"
        };
        let mut text = format!(
            "# Live checks of {}, {}\n\n{} on {on}: {}. {}.\n",
            self.stack,
            self.at,
            self.url,
            self.stack_id,
            self.totals()
        );
        // Writing to a string cannot fail.
        let wrong = self
            .rows
            .iter()
            .filter(|row| row.verdict == Verdict::Refuted);
        for (position, row) in wrong.enumerate() {
            if position == 0 {
                let _ = write!(text, "\n## What is wrong\n");
            }
            let _ = write!(
                text,
                "\n### `{}`\n\nExpected: {}\n\nSeen:\n\n",
                row.id, row.behaviour
            );
            for seen in row.seen() {
                let _ = writeln!(text, "- {seen}");
            }
            let _ = write!(
                text,
                "\nThe row `{}` of docs/live-checks.md is to be corrected, or the code: {}. {}\n",
                row.id, row.locally, row.live
            );
        }
        let _ = write!(
            text,
            "\n## All checks\n\n| check | verdict | what was seen |\n|---|---|---|\n"
        );
        for row in &self.rows {
            let by = if row.by_person { ", by a person" } else { "" };
            let seen: Vec<String> = row
                .seen()
                .iter()
                .map(|seen| seen.replace('|', "\\|"))
                .collect();
            let _ = writeln!(
                text,
                "| `{}` | {}{by} | {} |",
                row.id,
                row.verdict.words(),
                seen.join("<br>")
            );
        }
        text
    }
}
