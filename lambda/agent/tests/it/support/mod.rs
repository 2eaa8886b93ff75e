//! A shop with MCP servers and a Bedrock of this machine, on free ports of the loopback interface.

mod bedrock;
mod http;
mod listener;
mod screen;
mod shop;

pub(crate) use bedrock::{Bedrock, Fault};
pub(crate) use http::http;
pub(crate) use listener::listener;
pub(crate) use screen::Screen;
pub(crate) use shop::ShopServer;
