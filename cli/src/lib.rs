//! The command `mcp-lambda`: runs an MCP server's stack on this machine ([`dev`]), says which MCP clients can connect to a
//! server ([`doctor`]), and manages machine clients and users of a deployed one. [`commands`] has the command line.

#[cfg(feature = "aws")]
pub mod audit;
#[cfg(feature = "aws")]
mod aws;
pub mod call;
mod causes;
pub mod chat;
pub mod commands;
pub mod connect;
#[cfg(feature = "aws")]
pub mod deploy;
pub mod dev;
pub mod doctor;
#[cfg(feature = "aws")]
pub mod live;
pub mod local_stack;
pub mod log_line;
#[cfg(feature = "aws")]
pub mod logs;
pub mod new;
pub mod oauth;
pub mod publish;
pub mod tls;
pub mod variables;
mod visible;
