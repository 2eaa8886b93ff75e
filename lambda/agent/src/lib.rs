//! A conversation with a Bedrock model that calls the tools of MCP servers.
//!
//! [`conversation`] is data that is sound in every state, [`agent`] takes it on with a [`model`] and [`tools`], [`mcp`] has the
//! tools of MCP servers, `bedrock` the models of Amazon Bedrock, and `local` Bedrock's Converse on one machine.

pub mod agent;
#[cfg(feature = "bedrock")]
pub mod bedrock;
pub mod conversation;
pub mod converse;
pub mod limits;
#[cfg(feature = "local")]
pub mod local;
pub mod mcp;
pub mod model;
pub mod names;
pub mod prices;
pub mod schema;
pub mod tools;
