//! The MCP servers of a person: those of the settings, and those that the person added.

mod client;
mod connection;
mod known;
mod tokens;

pub(crate) use connection::Connected;
pub(crate) use known::{Known, key_of};
pub(crate) use tokens::Access;
