//! Runs an [rmcp](https://docs.rs/rmcp) server on AWS Lambda, behind API Gateway and a Cognito authorizer, or as a
//! plain HTTP server.
//!
//! rmcp implements the protocol. This crate adds what Lambda needs: events and streamed responses, the verified
//! [`Caller`], scopes per tool ([`ToolPolicy`]), JSON-RPC errors where rmcp responds with plain text, and deadlines for
//! requests that would otherwise hang until the invocation ends.
//!
//! ```no_run
//! use std::process::ExitCode;
//! use std::sync::LazyLock;
//! use std::time::SystemTime;
//!
//! use mcp_lambda::{ToolPolicy, Caller, Definition, Process};
//! use rmcp::handler::server::router::tool::ToolRouter;
//! use rmcp::{ServerHandler, tool, tool_handler, tool_router};
//!
//! struct Greeter;
//!
//! #[tool_router]
//! impl Greeter {
//!     /// Greets the caller.
//!     #[tool(meta = ToolPolicy::scopes(&["greet"]).meta())]
//!     async fn greet(&self, caller: Caller) -> String {
//!         format!("hello, {}", caller.subject())
//!     }
//! }
//!
//! /// Built once: by default rmcp rebuilds it for each request.
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

mod definition;
mod endpoint;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod guard;
mod http_service;
mod lambda;
mod request_facts;
mod revision;
mod run;
#[cfg(feature = "state")]
mod state;
#[cfg(not(feature = "state"))]
#[path = "stateless.rs"]
mod state;
mod telemetry;
mod tool_policy;

use mcp_lambda_runtime as runtime;
use mcp_lambda_token as token;

pub use definition::Definition;
pub use mcp_lambda_contract::{Contract, HttpUrl, List, Milliseconds, settings};
pub use mcp_lambda_runtime::aws::AwsEnvironment;
pub use mcp_lambda_runtime::deadline::Deadline;
pub use mcp_lambda_runtime::https::{FetchError, HttpsClient};
pub use mcp_lambda_runtime::process::Process;
pub use mcp_lambda_runtime::start_error::StartError;
pub use mcp_lambda_token::caller::{Caller, CallerKind};
pub use run::run;
#[cfg(feature = "state")]
pub use state::{ResponseStream, SessionError, SessionState, TaskStart};
pub use tool_policy::ToolPolicy;

/// Compiles the examples of the guide.
#[cfg(all(doctest, feature = "state"))]
#[doc = include_str!("../../../docs/write-a-server.md")]
struct WriteAServer;
