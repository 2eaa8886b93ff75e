use std::fmt;
use std::marker::PhantomData;

use mcp_lambda_contract::{
    AwsResource, AwsResourceType, CONTRACT_VERSION, Contract, ContractProblem, McpSettings, Reader,
    Scope, ServerInfo, Settings, SettingsError,
};
use rmcp::ServerHandler;

use crate::access::contract_tool;
use crate::aws::AwsEnvironment;
use crate::process::Process;

/// Everything about a server that is known before it starts: who it is, its tools, scopes, settings, AWS resources,
/// and how to build it.
///
/// `S` is the rmcp server, `C` the struct of its own settings (see [`settings!`](crate::settings!)), `()` for none.
pub struct Definition<S, C = ()> {
    server: ServerInfo,
    scopes: Vec<Scope>,
    tools: Vec<rmcp::model::Tool>,
    resources: Vec<AwsResource>,
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

    /// The contract of this server.
    ///
    /// # Errors
    ///
    /// [`StartError::Definition`] when it contradicts itself, for example when a tool needs a scope that is not
    /// declared.
    pub fn contract(&self) -> Result<Contract, StartError> {
        let contract = Contract {
            contract_version: CONTRACT_VERSION,
            server: self.server.clone(),
            scopes: self.scopes.clone(),
            tools: self.tools.iter().cloned().map(contract_tool).collect(),
            resources: self.resources.clone(),
            settings: McpSettings::definitions()
                .into_iter()
                .chain(C::definitions())
                .collect(),
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
        let own = C::read(&mut reader);
        let (settings, own) = reader
            .finish(settings.zip(own))
            .map_err(StartError::Settings)?;
        let server = (self.build)(own, &AwsEnvironment::new(process))?;
        Ok(Built {
            server,
            settings,
            contract,
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
