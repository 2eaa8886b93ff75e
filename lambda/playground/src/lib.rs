//! A web chat with a Bedrock model that calls the tools of MCP servers.
//!
//! Start with [`Playground::new`] and [`Playground::respond`]. A request becomes an action in [`endpoints`]; a question, an approval or
//! a retry runs a turn of `mcp-lambda-agent` ([`turn`]), whose events are streamed as pieces of the page. [`edge`] has the two ways
//! in: the Lambda Runtime API, and plain HTTP.
//!
//! # What each check is against
//!
//! | check | against |
//! |---|---|
//! | `Origin`, or `Sec-Fetch-Site`, at every POST; `SameSite=Lax` | request forgery |
//! | every key begins with the person of a verified access token | another person's conversation, order or token |
//! | tokens sealed with the browser's cookie in the key | reading the table, or the secret, alone |
//! | a new cookie at sign-in; half-done sign-ins belong to one browser | session fixation, a sign-in that another person began |
//! | names resolved, every address public, no redirect | requests into the network by an added server's URL |
//! | no raw HTML, no images in Markdown, links show their host; then a list of allowed elements | injection by a tool's result |
//! | `Content-Security-Policy` without inline script or style | what gets through nevertheless |
//! | one runner for a conversation, writes conditional on the version | two tabs, two clicks |
//! | turns a minute, tokens a day, for each person | one person's cost |
//!
//! # What is not defended
//!
//! * **A model that is talked into a call.** Calls that are not read-only wait for the person, who sees the arguments.
//! * **A server that lies.** `readOnlyHint` is what the server says.
//! * **Tokens at MCP servers.** A pasted token goes to the server for which it was pasted, and nothing else is known about it.

mod access;
mod apps;
mod bedrock;
mod browser;
mod clock;
mod conversations;
pub mod edge;
mod endpoints;
mod metrics;
mod models;
mod network;
mod pages;
mod person;
mod playground;
mod problem;
mod request;
mod response;
mod sealing;
mod servers;
mod settings;
mod sign_in;
mod store;
mod turn;

pub use playground::Playground;
pub use request::Request;
pub use response::Reply;
pub use settings::{ModelEntry, ServerEntry, Settings};
