//! Runs an [rmcp](https://docs.rs/rmcp) server on AWS Lambda, behind API Gateway and a Cognito authorizer, or as a
//! plain HTTP server.
//!
//! rmcp is the protocol. This crate is what rmcp lacks there: events and streamed responses, the verified [`Caller`],
//! scopes per tool ([`Access`]), JSON-RPC errors where rmcp answers plain text, and guards against the ways in which
//! a request could hang until the invocation ends.
//!
//! ```no_run
//! use std::process::ExitCode;
//! use std::sync::LazyLock;
//! use std::time::SystemTime;
//!
//! use mcp_lambda::{Access, Caller, Definition, Process};
//! use rmcp::handler::server::router::tool::ToolRouter;
//! use rmcp::{ServerHandler, tool, tool_handler, tool_router};
//!
//! struct Greeter;
//!
//! #[tool_router]
//! impl Greeter {
//!     /// Greets the caller.
//!     #[tool(meta = Access::scopes(&["greet"]).meta())]
//!     async fn greet(&self, caller: Caller) -> String {
//!         format!("hello, {}", caller.subject())
//!     }
//! }
//!
//! /// Built once: rmcp builds it anew for each request where nothing else is named.
//! static TOOLS: LazyLock<ToolRouter<Greeter>> = LazyLock::new(Greeter::tool_router);
//!
//! #[tool_handler(router = TOOLS)]
//! impl ServerHandler for Greeter {}
//!
//! fn main() -> ExitCode {
//!     let definition = Definition::new("greeter", "0.1.0", TOOLS.list_all(), |(), _| Ok(Greeter))
//!         .scope("greet", "Be greeted");
//!     mcp_lambda::run(Process::new(std::env::args_os(), std::env::vars_os(), SystemTime::now), definition)
//! }
//! ```

mod accept;
mod access;
mod answer_body;
mod aws;
#[cfg(feature = "dynamodb")]
mod aws_http;
mod batch;
#[cfg(feature = "dynamodb")]
mod cache;
mod caller;
mod capabilities;
mod claims;
mod client_description;
#[cfg(feature = "dynamodb")]
mod conversation;
mod cors;
mod deadline;
mod definition;
mod direct;
mod endpoint;
mod engine_answer;
mod event;
mod event_headers;
mod flattened_groups;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod gate;
mod guard;
mod http_server;
mod https;
mod integers;
mod jwks;
mod jwt;
mod lambda;
mod lambda_response;
mod limits;
mod lists;
mod log;
mod message;
mod mirrored;
mod params;
mod process;
mod refusal;
mod run;
mod runtime_api;
#[cfg(feature = "dynamodb")]
mod session;
#[cfg(feature = "dynamodb")]
mod state;
#[cfg(feature = "dynamodb")]
mod tasks;
mod telemetry;
mod timer;
mod tool_call;
#[cfg(feature = "dynamodb")]
mod tool_state;
mod url_event;

pub use access::Access;
pub use aws::AwsEnvironment;
pub use caller::{Caller, CallerKind};
#[cfg(feature = "dynamodb")]
pub use conversation::AnswerStream;
pub use deadline::Deadline;
pub use definition::{Definition, StartError};
pub use gate::run_gate;
pub use https::{FetchError, HttpsClient};
pub use mcp_lambda_contract::{Contract, HttpUrl, List, Milliseconds, settings};
pub use process::Process;
pub use run::run;
#[cfg(feature = "dynamodb")]
pub use session::{Session, SessionError};
#[cfg(feature = "dynamodb")]
pub use tasks::TaskStart;

/// Compiles the examples of the guide.
#[cfg(all(doctest, feature = "dynamodb"))]
#[doc = include_str!("../../../docs/write-a-server.md")]
struct WriteAServer;
