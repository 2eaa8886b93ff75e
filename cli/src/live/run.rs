//! Plays rows one after the other: they share the rate limits of one stack.

use super::findings::{Findings, Verdict};
use super::report::RowReport;
use super::row::{Emulator, Played, Row};
use super::stage::Stage;
use crate::visible::visible_line;

/// Plays a row that the command can play; a person's row is not played.
pub async fn play(row: &Row, stage: &Stage) -> RowReport {
    match row.played {
        Played::Person => {
            let findings = Findings::not_played("needs a person: --ask");
            RowReport::of(row, Verdict::NotPlayed, false, findings)
        }
        Played::Program {
            emulator: Emulator::CannotTell,
            ..
        } if stage.is_emulated => {
            let findings = Findings::not_played(row.locally);
            RowReport::of(row, Verdict::EmulatorCannotTell, false, findings)
        }
        Played::Program { play, .. } => {
            let findings = printable(play(stage).await);
            RowReport::of(row, findings.verdict(), false, findings)
        }
    }
}

/// What a person says about a row: as described, or what was seen instead.
#[must_use]
pub fn said(row: &Row, as_described: bool, seen: &str) -> RowReport {
    let mut findings = Findings::default();
    let seen = match seen.trim() {
        "" if as_described => "as described",
        "" => "not as described",
        seen => seen,
    };
    findings.expect(as_described, seen);
    let findings = printable(findings);
    RowReport::of(row, findings.verdict(), true, findings)
}

/// Servers may send control characters, which a terminal would obey.
fn printable(findings: Findings) -> Findings {
    let lines = |seen: Vec<String>| seen.iter().map(|line| visible_line(line)).collect();
    Findings {
        confirmed: lines(findings.confirmed),
        refuted: lines(findings.refuted),
        observed: lines(findings.observed),
        open: lines(findings.open),
    }
}
