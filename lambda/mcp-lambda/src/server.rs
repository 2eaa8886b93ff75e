//! Defines [`Server`], the builder of a server out of functions with `#[tool]`.

use std::fmt;
use std::process::ExitCode;

use mcp_lambda_contract::{Contract, Settings};
use rmcp::handler::server::router::tool::{ToolRoute, ToolRouter};

use crate::definition::Definition;
use crate::runtime::aws::AwsEnvironment;
use crate::runtime::process::Process;
use crate::runtime::program::Program;
use crate::runtime::start_error::StartError;
use crate::tool_server::ToolServer;

/// A server made of tools: name it, declare its OAuth scopes, add its tools, run it.
///
/// ```no_run
/// use mcp_lambda::{Caller, Server, tool};
///
/// /// Greets the caller.
/// #[tool(scope = "greet", read_only)]
/// async fn greet(caller: Caller, #[arg(length(max = 20))] greeting: String) -> String {
///     format!("{greeting}, {}", caller.subject())
/// }
///
/// fn main() -> std::process::ExitCode {
///     Server::new("greeter", "0.1.0").scope("greet", "Be greeted").tool(greet).run()
/// }
/// ```
///
/// `App` is what the tools share, built once from the settings `C`: see [`Server::with_app`]. A server that also has prompts
/// or resources is a [`Definition`] with an rmcp `ServerHandler` of its own.
#[must_use = "a server does nothing until it runs"]
pub struct Server<App = (), C = ()> {
    definition: Definition<App, C>,
    routes: Vec<ToolRoute<App>>,
}

impl Server {
    /// A server whose tools share nothing. Its name and version are what clients see.
    pub fn new(name: &str, version: &str) -> Self {
        Self::with_app(name, version, |(), _| Ok(()))
    }
}

impl<App: Send + Sync + 'static, C: Settings + 'static> Server<App, C> {
    /// A server whose tools share what `build` makes, once, from the settings (see [`settings!`](crate::settings!)) and the
    /// AWS environment. A tool takes it as a reference: `app: &App`.
    ///
    /// ```no_run
    /// use mcp_lambda::{Server, tool};
    ///
    /// mcp_lambda::settings! {
    ///     /// What the kennel needs to know.
    ///     struct KennelSettings owned by Server {
    ///         /// Name of the kennel.
    ///         name: String = "KENNEL_NAME" or "Barking House",
    ///     }
    /// }
    ///
    /// struct Kennel {
    ///     settings: KennelSettings,
    /// }
    ///
    /// /// Says where the dogs are.
    /// #[tool(scope = "dogs.read", read_only)]
    /// async fn where_are_the_dogs(kennel: &Kennel) -> String {
    ///     format!("in {}", kennel.settings.name)
    /// }
    ///
    /// fn main() -> std::process::ExitCode {
    ///     Server::with_app("kennel", "0.1.0", |settings: KennelSettings, _| Ok(Kennel { settings }))
    ///         .scope("dogs.read", "Know about the dogs")
    ///         .tool(where_are_the_dogs)
    ///         .run()
    /// }
    /// ```
    pub fn with_app(
        name: &str,
        version: &str,
        build: impl FnOnce(C, &AwsEnvironment) -> Result<App, StartError> + 'static,
    ) -> Self {
        Self {
            definition: Definition::declare(name, version, build),
            routes: Vec::new(),
        }
    }

    /// Adds a function with `#[tool]`, by its name. Clients see the tools in the order in which they are added.
    pub fn tool(mut self, tool: fn() -> ToolRoute<App>) -> Self {
        self.routes.push(tool());
        self
    }

    /// Adds the tools of an rmcp router, such as `Kennel::tool_router()` of `#[tool_router]`, in the order of their names.
    pub fn router(mut self, mut router: ToolRouter<App>) -> Self {
        for tool in router.list_all() {
            if let Some(route) = router.map.remove(&tool.name) {
                self.routes.push(route);
            }
        }
        self
    }

    /// The definition, for what takes one, such as [`run`](crate::run) with a [`Process`](crate::Process) of your own.
    pub fn definition(self) -> Definition<ToolServer<App>, C> {
        let Self { definition, routes } = self;
        let tools = routes.iter().map(|route| route.attr.clone()).collect();
        definition.served_by(tools, |app| ToolServer::new(app, routes))
    }

    /// The contract of this server.
    ///
    /// # Errors
    ///
    /// As [`Definition::contract`].
    pub fn contract(self) -> Result<Contract, StartError> {
        self.definition().contract()
    }

    /// Runs the server until the process ends; see [`run`](crate::run). The arguments, the environment and the clock are those
    /// of the process.
    pub fn run(self) -> ExitCode {
        self.definition().run()
    }
}

impl<App: Send + Sync + 'static, C: Settings + 'static> Program for Server<App, C> {
    fn run_in(self, process: Process) -> ExitCode {
        self.definition().run_in(process)
    }
}

/// Passes declarations on to the definition.
macro_rules! declare {
    ($($(#[$attribute:meta])* $name:ident($($parameter:ident: $type:ty),*);)*) => {
        impl<App, C> Server<App, C> {
            $(
                #[doc = concat!("See [`Definition::", stringify!($name), "`].")]
                $(#[$attribute])*
                pub fn $name(mut self $(, $parameter: $type)*) -> Self {
                    self.definition = self.definition.$name($($parameter),*);
                    self
                }
            )*
        }
    };
}

declare! {
    title(title: &str);
    description(description: &str);
    website(url: &str);
    icon(icon: crate::icon::Icon);
    mcp_app(app: crate::app::McpApp);
    instructions(instructions: &str);
    scope(name: &str, description: &str);
    scope_including(name: &str, description: &str, includes: &[&str]);
    dynamodb_table(name: &str, setting: &str);
    #[cfg(feature = "audit")]
    audit_trail();
    #[cfg(feature = "opentelemetry")]
    opentelemetry();
}

#[cfg(feature = "state")]
declare! {
    asks_clients();
    resumable_streams();
    limits_callers();
    session_time_to_live(time_to_live: std::time::Duration);
    person_time_to_live(time_to_live: std::time::Duration);
}

impl<App, C> fmt::Debug for Server<App, C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.definition.fmt(formatter)
    }
}
