//! An MCP server with one counter per conversation, kept in DynamoDB.
//!
//! It shows a [`SessionState`](mcp_lambda::SessionState): both tools say beside themselves what they do to it, so that the
//! constructs grant the function exactly that. `getCounter` may read items of the table `state`, `incrementCounter` may
//! read and put them, and nothing else is allowed.

mod server;

pub use server::server;
