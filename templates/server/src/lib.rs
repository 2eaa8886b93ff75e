//! An MCP server with one tool, `greet`.

mod server;

pub use server::{Server, definition};
