//! The local stack from its start to its end: synthesizes, builds, deploys, serves, and brings up to date what has changed.

mod options;
mod preparation;
mod run;
mod serving;
mod state;
mod update;

pub(crate) use self::options::SessionOptions;
pub(crate) use self::run::run;
