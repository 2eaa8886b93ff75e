//! A stage for the playground, on free ports of the loopback interface.

mod apart;
mod authorization;
mod bedrock;
mod browser;
mod listener;
mod program;
mod shop;
mod stage;
mod table;

pub(crate) use apart::respond;
pub(crate) use bedrock::{Bedrock, Fault};
pub(crate) use browser::{Browser, button_of};
pub(crate) use program::Program;
pub(crate) use shop::APP;
use shop::Shop;
pub(crate) use stage::{Options, Stage};
use table::Table;
