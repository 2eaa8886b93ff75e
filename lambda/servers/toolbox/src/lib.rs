//! An MCP server with tools that ask others: `search_website` asks the Serper API with a key from Secrets Manager, and
//! `count_s3_buckets` asks Amazon S3.

mod search_api;
mod server;

pub use search_api::{Hit, SearchApi, SearchError, SearchSettings};
pub use server::{Toolbox, definition};
