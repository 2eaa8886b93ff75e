//! The command from outside, without an emulator: one program, so that it is linked once.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod audit;
mod call;
mod chat;
mod connect;
mod deploy;
mod edge;
mod folder;
mod live;
mod local_stack;
mod logs;
mod mcp_server;
mod new;
mod oauth;
mod publish;
mod reference;
mod sign_in;
mod start;
mod stub;
mod usage;
mod user_pool;
