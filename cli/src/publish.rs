//! What directories of MCP servers ask for: the `server.json` of the MCP registry, the documents by which clients
//! find a server, and the lists of what else to have ready.

mod checklist;
mod contract;
mod discovery;
mod server_json;

pub use checklist::{Submission, checklist};
pub use contract::{PublishedContract, PublishedIcon, PublishedServer, PublishedTool};
pub use discovery::{ai_catalog, discovery_list, server_card};
pub use server_json::{Entry, PublishError, server_json};
