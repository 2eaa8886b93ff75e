//! What directories of MCP servers ask for: the `server.json` of the MCP registry, and the lists of what else to have ready.

mod checklist;
mod contract;
mod server_json;

pub use checklist::{Submission, checklist};
pub use contract::{PublishedContract, PublishedIcon, PublishedServer, PublishedTool};
pub use server_json::{Entry, PublishError, server_json};
