//! Plays docs/live-checks.md against a deployed stack: what this project relies on, and only AWS can show.

pub mod findings;
mod page;
mod plays;
pub mod report;
pub mod row;
mod rows;
mod run;
mod stack;
mod stage;

pub use self::page::page;
pub use self::report::Report;
pub use self::rows::rows;
pub use self::run::{play, said};
pub use self::stack::{StackFacts, StackFactsError, read};
pub use self::stage::Stage;
