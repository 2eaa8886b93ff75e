//! An MCP server with one counter per caller, kept in DynamoDB.
//!
//! It shows how a tool declares the AWS actions that it performs, so that the constructs grant the function exactly
//! those: `getCounter` may read items of the table, `incrementCounter` may update them, and nothing else is allowed.

mod server;
mod table;

pub use server::{Counter, definition};
pub use table::{CounterSettings, CounterTable, TableError};
