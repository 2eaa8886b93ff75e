#![doc = include_str!("../README.md")]

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

/// Compiles the examples of the guides.
#[cfg(all(doctest, feature = "state"))]
mod guides {
    #[doc = include_str!("../../../docs/first-server.md")]
    struct FirstServer;
    #[doc = include_str!("../../../docs/tools-and-scopes.md")]
    struct ToolsAndScopes;
    #[doc = include_str!("../../../docs/settings.md")]
    struct Settings;
    #[doc = include_str!("../../../docs/state.md")]
    struct State;
    #[doc = include_str!("../../../docs/ask-clients.md")]
    struct AskClients;
    #[doc = include_str!("../../../docs/long-work.md")]
    struct LongWork;
    #[doc = include_str!("../../../docs/testing.md")]
    struct Testing;
}
