//! The command `mcp-lambda`: runs an MCP server's stack on this machine ([`dev`]), and manages machine clients and users of
//! a deployed one. [`commands`] has the command line.

pub mod commands;
pub mod dev;
