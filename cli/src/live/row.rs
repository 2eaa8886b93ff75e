//! A row of docs/live-checks.md: a behaviour of AWS that this project relies on, and who finds out whether it is so.

use std::future::Future;
use std::pin::Pin;

use super::findings::Findings;
use super::stage::Stage;

/// Rows about one part of AWS.
#[derive(Debug, Clone, Copy)]
pub struct Section {
    /// The heading.
    pub title: &'static str,
    /// What is said before the table, in Markdown; may be empty.
    pub prose: &'static str,
    /// The heading of [`Row::locally`].
    pub second_column: &'static str,
    /// The heading of [`Row::live`].
    pub third_column: &'static str,
    /// Its rows.
    pub rows: &'static [Row],
}

/// One behaviour. All strings are Markdown.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// Names it on the command line and in reports.
    pub id: &'static str,
    /// What this project relies on.
    pub behaviour: &'static str,
    /// What the local stack does instead, or what is at risk.
    pub locally: &'static str,
    /// How a person finds out.
    pub live: &'static str,
    /// Who plays it.
    pub played: Played,
}

/// Who finds out.
#[derive(Debug, Clone, Copy)]
pub enum Played {
    /// The command.
    Program {
        /// What it does.
        play: Play,
        /// Whether the local stack says something about it.
        emulator: Emulator,
    },
    /// A person, who follows [`Row::live`].
    Person,
}

/// Whether a play says something when the stack runs in the emulator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Emulator {
    /// It does: its tests run it.
    Tells,
    /// It does not, for the reason in [`Row::locally`].
    CannotTell,
}

/// What a program does with a deployed stack to find out.
pub type Play = for<'a> fn(&'a Stage) -> Pin<Box<dyn Future<Output = Findings> + Send + 'a>>;

/// A row that the command plays.
pub(super) const fn program(
    id: &'static str,
    behaviour: &'static str,
    locally: &'static str,
    live: &'static str,
    emulator: Emulator,
    play: Play,
) -> Row {
    Row {
        id,
        behaviour,
        locally,
        live,
        played: Played::Program { play, emulator },
    }
}

/// A row that needs a person.
pub(super) const fn person(
    id: &'static str,
    behaviour: &'static str,
    locally: &'static str,
    live: &'static str,
) -> Row {
    Row {
        id,
        behaviour,
        locally,
        live,
        played: Played::Person,
    }
}
