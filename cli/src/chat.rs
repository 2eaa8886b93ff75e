//! A conversation with a model that calls the tools of MCP servers, in a terminal or for a script.
//!
//! The conversation itself is `mcp-lambda-agent`'s; here are its file, the servers with their sign-in, and the terminal.

mod conversing;
mod deciding;
mod error;
mod file;
mod incomplete;
mod model;
mod questions;
mod screen;
mod servers;

pub use conversing::{Chat, Ended, Mode};
pub use error::ChatError;
pub use file::ChatFile;
pub use model::AnyModel;
pub use questions::Questions;
pub use screen::Screen;
pub use servers::{Server, SignIn, connected};
