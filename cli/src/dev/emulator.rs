//! The emulator as a child process: its files, its Python environment, and the deployment of an app to it.

mod account;
mod deployment;
mod environment;
mod files;
mod start;

pub(crate) use self::account::Account;
pub(crate) use self::deployment::{Container, Deployed, deploy};
pub use self::environment::install;
pub(crate) use self::environment::prepare;
pub(crate) use self::start::{GRACE, start};
