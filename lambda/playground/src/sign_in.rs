//! Signing in to MCP servers with OAuth, as every MCP client does.
//!
//! The protocol is that of the official SDK (`rmcp`): metadata (RFC 9728, RFC 8414), registration, PKCE, `resource`, refresh. Here are
//! the network, which refuses private addresses, and what is kept between the steps, because the next one runs elsewhere.

mod credentials;
mod error;
mod flow;
mod refresh;
mod revoke;

pub(crate) use credentials::Credentials;
pub(crate) use error::SignInError;
pub(crate) use flow::{Begun, Flow, Pending};
pub(crate) use refresh::Refreshed;
