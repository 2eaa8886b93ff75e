//! Signs in to an MCP server from its URL: finds its authorization server, registers, opens the browser, keeps the tokens.
//!
//! [`sign_in`] gives an [`Authorized`], which hands out access tokens and MCP clients. The protocol is that of the official
//! SDK (`rmcp`); the listener, the browser and the file of the tokens are here.

mod assertion;
mod authorized;
mod browser;
mod callback;
mod discovery;
mod error;
mod flow;
mod options;
mod run_directory;
mod sign_out;
mod store;

pub use self::authorized::Authorized;
pub use self::browser::{Desktop, visit_or_print};
pub use self::discovery::scopes_of_challenge;
pub use self::error::OAuthError;
pub use self::flow::sign_in;
pub use self::options::{
    Assertion, Identity, Options, PATIENCE, ProgramCredentials, Secret, directory,
};
pub use self::run_directory::RunDirectory;
pub use self::sign_out::{SignedOut, sign_out};
