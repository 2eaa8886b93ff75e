//! A turn: an action of the person, the agent's work, and the pieces of the page that come of it.

mod action;
mod limits;
mod live;
mod runner;
mod screen;
mod servers;
mod work;

pub(crate) use action::Action;
pub(crate) use runner::begin;
pub(crate) use servers::connected;
