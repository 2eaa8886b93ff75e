//! Conversations as their users see them: no history is refused, no cut is final, and no call is made twice unasked.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod bedrock;
mod faults;
mod histories;
mod openai;
mod planner;
mod support;
mod tools;
mod validator;
