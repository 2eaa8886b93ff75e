//! Generates code on both sides of jsii.
//!
//! * [`rust`]: a jsii assembly and a list of roots → typed Rust bindings, for `jsii-host`.
//! * [`typescript`]: structs described by a JSON schema → TypeScript that jsii accepts.
//! * [`contract`]: the contract of one MCP server → a typed construct for it.

pub mod contract;
mod json;
pub mod names;
pub mod output;
pub mod rust;
pub mod spec;
pub mod typescript;

/// Why nothing was generated: one sentence that names the input and names the fix.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Error(String);

impl Error {
    /// With this sentence.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}
