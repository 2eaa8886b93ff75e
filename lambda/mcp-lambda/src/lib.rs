#![doc = include_str!("../README.md")]

mod app;
#[cfg(feature = "audit")]
mod audit;
#[cfg(not(feature = "audit"))]
#[path = "no_audit.rs"]
mod audit;
mod definition;
mod endpoint;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod guard;
mod http_service;
mod http_settings;
mod icon;
mod lambda;
mod offered;
mod progress;
mod request_facts;
mod revision;
mod run;
mod server;
#[cfg(feature = "state")]
mod state;
#[cfg(not(feature = "state"))]
#[path = "stateless.rs"]
mod state;
mod telemetry;
#[doc(hidden)]
pub mod tool_parts;
mod tool_policy;
mod tool_server;
mod tools_api;
mod trusted_proxies;
mod work_permit;

use mcp_lambda_runtime as runtime;
use mcp_lambda_token as token;

pub use app::McpApp;
pub use definition::Definition;
pub use http;
pub use icon::{Icon, IconTheme};
pub use mcp_lambda_contract::{Contract, HttpUrl, List, Milliseconds, Secret, settings};
/// Makes a tool out of a function, for [`Server::tool`]. Clients see the function's documentation as the description.
///
/// ```
/// use mcp_lambda::{Caller, Server, tool};
///
/// /// Orders dog food.
/// #[tool(name = "orderFood", scope = "orders.write", destructive = false, open_world = false)]
/// async fn order_food(
///     /// What the dogs like.
///     #[arg(length(min = 1, max = 40))]
///     product: String,
///     /// How many bags.
///     #[arg(default = 1, range(min = 1, max = 10))]
///     bags: u8,
///     note: Option<String>,
///     caller: Caller,
/// ) -> Result<String, String> {
///     let note = note.unwrap_or_default();
///     Ok(format!("{bags} bags of {product} for {} {note}", caller.subject()))
/// }
///
/// let server = Server::new("kennel", "0.1.0")
///     .scope("orders.write", "Order dog food")
///     .tool(order_food);
/// ```
///
/// A tool without an OAuth scope does not compile:
///
/// ```compile_fail
/// #[mcp_lambda::tool(read_only)]
/// async fn open_to_everybody() -> String {
///     "hello".to_owned()
/// }
/// ```
///
/// # In `#[tool(…)]`
///
/// | item | meaning |
/// |---|---|
/// | `scope = "…"`, `scopes = ["…", "…"]` | the OAuth scopes that a caller needs, all of them; one of the two is required |
/// | `name`, `title`, `description` | as clients see the tool; default: the function's name, that name as words (`order_food`: "Order food"), its documentation |
/// | `mcp_app = "…"` | the name of the [`McpApp`] that shows its results |
/// | `icon = Icon::…` | a picture, see [`Icon`] |
/// | `read_only`, `destructive`, `idempotent`, `open_world` | the hints of MCP; `destructive = false` says no. `destructive` and `idempotent` include `read_only = false` |
/// | `output = Type` | the type of the structured content; not needed for a result in [`Json`] |
/// | a method of [`ToolPolicy`] | what else the tool needs: `writes_session`, `cached(Duration::from_secs(60))`, `as_task`, … |
///
/// # Parameters
///
/// - [`Caller`], [`Deadline`], [`Progress`], `SessionState`, `PersonState`, `TaskStart`, `ResponseStream`, and rmcp's `RequestContext` and
///   `Peer` come from the request. Any other type that rmcp can take from a request is marked `#[context]`.
/// - A reference is what the server was built with: [`Server::with_app`].
/// - Every other parameter is an argument of the caller: its name, its type and its documentation are in the input schema. An
///   `Option` may be left out. `#[arg(…)]` takes `default = …` and what schemars knows (`range`, `length`, `regex`, `extend`, …);
///   `#[serde(…)]` works too. The library enforces the bounds before the tool runs.
/// - [`Parameters<T>`](Parameters) is all arguments as one type of your own.
///
/// # Result
///
/// A `String`, [`Json<T>`](Json) for structured content with an output schema, rmcp's `CallToolResult`, or a `Result` of these. An error of
/// the type `String` becomes a tool error, which the model reads.
///
/// A unit test calls the function itself as `order_food::call(…)`.
pub use mcp_lambda_macros::tool;
pub use mcp_lambda_runtime::aws::AwsEnvironment;
pub use mcp_lambda_runtime::deadline::Deadline;
pub use mcp_lambda_runtime::https::{FetchError, HttpsClient};
pub use mcp_lambda_runtime::https_request::{HttpsRequest, HttpsResponse};
pub use mcp_lambda_runtime::process::Process;
pub use mcp_lambda_runtime::start_error::StartError;
pub use mcp_lambda_token::caller::{Caller, CallerKind};
pub use progress::Progress;
pub use rmcp;
pub use rmcp::handler::server::wrapper::{Json, Parameters};
pub use run::run;
pub use server::Server;
#[cfg(feature = "state")]
pub use state::{PersonState, ResponseStream, SessionError, SessionState, TaskStart};
pub use tool_policy::ToolPolicy;
pub use tool_server::ToolServer;

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
    #[doc = include_str!("../../../docs/directories.md")]
    struct Directories;
    #[doc = include_str!("../../../docs/apps.md")]
    struct Apps;
    #[doc = include_str!("../../../docs/testing.md")]
    struct Testing;
}
