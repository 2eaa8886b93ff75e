//! The command from outside, without an emulator: one program, so that it is linked once.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod edge;
mod sign_in;
mod start;
mod stub;
mod usage;
mod user_pool;
