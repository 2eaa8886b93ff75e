//! The programs of this machine that functions run: built by cargo, or brought along by the command.

mod build;
mod bundled;
mod cargo;
mod contract;
mod difference;
mod install;
mod program;

pub(crate) use self::build::{Built, build, discover};
pub(crate) use self::cargo::{Sources, sources};
pub(crate) use self::program::{BuildOptions, ProgramOfApp, of_app};
