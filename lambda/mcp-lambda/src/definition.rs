use std::fmt;
use std::marker::PhantomData;

use mcp_lambda_contract::{
    AwsResource, AwsResourceType, CONTRACT_VERSION, Contract, ContractProblem, McpSettings, Reader,
    Scope, ServerInfo, Settings, SettingsError,
};
use rmcp::ServerHandler;
#[cfg(feature = "dynamodb")]
use tokio::sync::mpsc::UnboundedReceiver;

use crate::access::contract_tool;
#[cfg(feature = "dynamodb")]
use crate::access::task_uses;
use crate::aws::AwsEnvironment;
use crate::process::Process;
#[cfg(feature = "dynamodb")]
use crate::state::{self, State};
#[cfg(feature = "dynamodb")]
use crate::tasks::{self, Tasks};

/// Everything about a server that is known before it starts: who it is, its tools, scopes, settings, AWS resources,
/// and how to build it.
///
/// `S` is the rmcp server, `C` the struct of its own settings (see [`settings!`](crate::settings!)), `()` for none.
pub struct Definition<S, C = ()> {
    server: ServerInfo,
    scopes: Vec<Scope>,
    tools: Vec<rmcp::model::Tool>,
    resources: Vec<AwsResource>,
    #[cfg(feature = "dynamodb")]
    asks_clients: bool,
    build: Build<S, C>,
    settings: PhantomData<fn() -> C>,
}

type Build<S, C> = Box<dyn FnOnce(C, &AwsEnvironment) -> Result<S, StartError>>;

/// Why a server cannot start, for whoever deploys it.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartError {
    /// Environment variables are missing or malformed; all of them are named.
    Settings(SettingsError),
    /// The definition contradicts itself.
    Definition(Vec<ContractProblem>),
    /// The command line has an argument that is not known.
    Argument(String),
    /// The plain HTTP mode cannot listen.
    Listen {
        /// The address from `MCP_LISTEN`.
        address: String,
        /// What the operating system says.
        cause: std::io::Error,
    },
    /// The asynchronous runtime cannot start, or a stream of the process is closed.
    System(std::io::Error),
    /// The Lambda Runtime API cannot be reached or breaks its protocol.
    RuntimeApi(String),
    /// The server's own reason.
    Server(String),
}

impl fmt::Display for StartError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::Settings(error) => error.fmt(formatter),
            StartError::Definition(problems) => {
                let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
                write!(
                    formatter,
                    "the server's definition contradicts itself: {}",
                    problems.join("; ")
                )
            }
            StartError::Argument(argument) => {
                write!(
                    formatter,
                    "unknown argument {argument:?}: use \"contract\" to print the contract, or no argument to serve"
                )
            }
            StartError::Listen { address, cause } => {
                write!(
                    formatter,
                    "cannot listen on MCP_LISTEN={address:?}: {cause}; choose a free address"
                )
            }
            StartError::System(cause) => {
                write!(formatter, "cannot use the operating system: {cause}")
            }
            StartError::RuntimeApi(cause) => {
                write!(formatter, "cannot talk to the Lambda Runtime API: {cause}")
            }
            StartError::Server(cause) => formatter.write_str(cause),
        }
    }
}

impl std::error::Error for StartError {}

impl StartError {
    /// Name for the Lambda Runtime API's error type.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            StartError::Settings(_) => "Settings",
            StartError::Definition(_) => "Definition",
            StartError::Argument(_) => "Argument",
            StartError::Listen { .. } => "Listen",
            StartError::System(_) => "System",
            StartError::RuntimeApi(_) => "RuntimeApi",
            StartError::Server(_) => "Server",
        }
    }
}

/// A server that can be served.
pub(crate) struct Built<S> {
    pub(crate) server: S,
    pub(crate) settings: McpSettings,
    pub(crate) contract: Contract,
    #[cfg(feature = "dynamodb")]
    pub(crate) state: Option<State>,
    #[cfg(feature = "dynamodb")]
    pub(crate) tasks: Option<Tasks>,
    /// The work of tasks that goes on in this process.
    #[cfg(feature = "dynamodb")]
    pub(crate) work: Option<UnboundedReceiver<String>>,
}

impl<S: ServerHandler, C: Settings> Definition<S, C> {
    /// Starts a definition with the server's name and version, its tools (`Self::tool_router().list_all()`), and the
    /// function that builds it from its settings.
    pub fn new(
        name: &str,
        version: &str,
        tools: Vec<rmcp::model::Tool>,
        build: impl FnOnce(C, &AwsEnvironment) -> Result<S, StartError> + 'static,
    ) -> Self {
        Self {
            server: ServerInfo {
                name: name.to_owned(),
                version: version.to_owned(),
                title: name.to_owned(),
                description: String::new(),
            },
            scopes: Vec::new(),
            tools,
            resources: Vec::new(),
            #[cfg(feature = "dynamodb")]
            asks_clients: false,
            build: Box::new(build),
            settings: PhantomData,
        }
    }

    /// Name for people. Default: the name.
    #[must_use]
    pub fn title(mut self, title: &str) -> Self {
        title.clone_into(&mut self.server.title);
        self
    }

    /// One or two sentences for people. Default: none.
    #[must_use]
    pub fn description(mut self, description: &str) -> Self {
        description.clone_into(&mut self.server.description);
        self
    }

    /// Declares an OAuth scope by its name, with the sentence that a consent page shows.
    #[must_use]
    pub fn scope(mut self, name: &str, description: &str) -> Self {
        self.scopes.push(Scope {
            name: name.to_owned(),
            description: description.to_owned(),
        });
        self
    }

    /// Asks for a DynamoDB table with the partition key `pk` (string). The setting of this name holds the table's
    /// physical name. Tools say with [`Access::aws`](crate::Access::aws) what they do to it.
    #[must_use]
    pub fn dynamodb_table(mut self, name: &str, setting: &str) -> Self {
        self.resources.push(AwsResource {
            name: name.to_owned(),
            resource_type: AwsResourceType::DynamodbTable,
            setting: setting.to_owned(),
        });
        self
    }

    /// Lets tools ask the client while they run (elicitation, sampling, roots), also a client of a revision before
    /// 2026-07-28, whose answer arrives at another process: a tool calls `context.peer.create_elicitation(…)` and waits.
    ///
    /// Such a client gets a session id that holds, sealed, what it said about itself, for seven days; its answers go
    /// through a DynamoDB table, `state` in the contract, with the partition key `pk` and the TTL attribute `expires`.
    /// The settings `MCP_STATE_TABLE` and `MCP_STATE_KEYS` become necessary on Lambda; in plain HTTP mode memory does.
    ///
    /// Without it, and where answers are buffered, such a tool fails at once for such a client. Clients of 2026-07-28
    /// need none of it: a tool returns an `input_required` result for them.
    ///
    /// Does not keep anything for the tool itself, and a question is open no longer than the invocation's deadline.
    #[cfg(feature = "dynamodb")]
    #[must_use]
    pub fn asks_clients(mut self) -> Self {
        self.asks_clients = true;
        self
    }

    /// Whether anything outlives an invocation.
    #[cfg(feature = "dynamodb")]
    fn keeps_state(&self) -> bool {
        self.asks_clients || !task_uses(&self.tools).is_empty()
    }

    fn resources(&self) -> Vec<AwsResource> {
        #[cfg_attr(not(feature = "dynamodb"), expect(unused_mut))]
        let mut resources = self.resources.clone();
        #[cfg(feature = "dynamodb")]
        if self.keeps_state() {
            resources.push(AwsResource {
                name: state::TABLE.to_owned(),
                resource_type: AwsResourceType::DynamodbTable,
                setting: state::TABLE_SETTING.to_owned(),
            });
        }
        resources
    }

    /// The contract of this server.
    ///
    /// # Errors
    ///
    /// [`StartError::Definition`] when it contradicts itself, for example when a tool needs a scope that is not
    /// declared.
    pub fn contract(&self) -> Result<Contract, StartError> {
        let library = McpSettings::definitions().into_iter();
        let tools = self.tools.iter().cloned().map(contract_tool);
        #[cfg(feature = "dynamodb")]
        let task_uses = task_uses(&self.tools);
        #[cfg(feature = "dynamodb")]
        let library = library.chain(
            self.keeps_state()
                .then(state::definitions)
                .into_iter()
                .flatten(),
        );
        // While any tool runs, the library reads and writes the table for it.
        #[cfg(feature = "dynamodb")]
        let tools = tools.map(|mut tool| {
            let uses_table = self.asks_clients || task_uses.contains_key(&tool.name);
            tool.aws_actions.extend(uses_table.then(state::aws_actions));
            tool
        });
        let contract = Contract {
            contract_version: CONTRACT_VERSION,
            server: self.server.clone(),
            scopes: self.scopes.clone(),
            tools: tools.collect(),
            resources: self.resources(),
            settings: library.chain(C::definitions()).collect(),
        };
        let problems = contract.problems();
        if problems.is_empty() {
            Ok(contract)
        } else {
            Err(StartError::Definition(problems))
        }
    }

    /// Reads the settings and builds the server.
    pub(crate) fn build(self, process: &Process) -> Result<Built<S>, StartError> {
        let contract = self.contract()?;
        let mut reader = Reader::new(&process.variables);
        // Both are read before either is judged, so that every problem is reported at once.
        let settings = McpSettings::read(&mut reader);
        #[cfg(feature = "dynamodb")]
        let state = if self.keeps_state() {
            state::read(&mut reader).map(Some)
        } else {
            Some(None)
        };
        let own = C::read(&mut reader);
        #[cfg(feature = "dynamodb")]
        let own = own.zip(state);
        let (settings, own) = reader
            .finish(settings.zip(own))
            .map_err(StartError::Settings)?;
        #[cfg(feature = "dynamodb")]
        let (own, state) = own;
        #[cfg(feature = "dynamodb")]
        let state = state
            .map(|state| State::new(state, &settings, process))
            .transpose()?;
        #[cfg(feature = "dynamodb")]
        let (tasks, work) = tasks::start(task_uses(&self.tools), state.as_ref(), process)?;
        let server = (self.build)(own, &AwsEnvironment::new(process))?;
        Ok(Built {
            server,
            settings,
            contract,
            #[cfg(feature = "dynamodb")]
            state,
            #[cfg(feature = "dynamodb")]
            tasks,
            #[cfg(feature = "dynamodb")]
            work,
        })
    }
}

impl<S, C> fmt::Debug for Definition<S, C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Definition")
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}
