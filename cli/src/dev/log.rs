//! What happens while the stack runs, as lines for people or JSON for programs.

mod event;
mod follow;
mod printer;

pub(crate) use self::follow::follow;
pub(crate) use self::printer::{EdgeRequest, Functions, Log};
