//! Defines [`Definition`], which declares a server, produces its contract and builds it from its settings.

#[cfg(feature = "audit")]
mod audit;
#[cfg(feature = "opentelemetry")]
mod opentelemetry;
#[cfg(feature = "state")]
mod state;

use std::fmt;
use std::marker::PhantomData;

use mcp_lambda_contract::{
    AwsResource, AwsResourceType, CONTRACT_VERSION, Contract, ContractProblem,
    ENDPOINT_METHODS_VERSION, McpResource, McpSettings, Prompt, Reader, SELF_INVOCATION_VERSION,
    Scope, ServerInfo, Settings, param_headers,
};
use rmcp::ServerHandler;

use crate::app::McpApp;
use crate::audit::{Audit, AuditDeclaration};
use crate::guard::arguments::ArgumentRules;
use crate::http_settings::HttpSettings;
use crate::icon::Icon;
use crate::offered;
use crate::runtime::aws::AwsEnvironment;
use crate::runtime::process::Process;
use crate::runtime::start_error::StartError;
use crate::state::declaration::StateDeclaration;
use crate::state::server_state::ServerState;
use crate::telemetry::spans::{Spans, SpansDeclaration};
use crate::tool_policy::contract_tool;

/// Everything about a server that is known before it starts: its name, tools, scopes, settings, AWS resources, and how
/// to build it.
///
/// `S` is the rmcp server, `C` the struct of its own settings (see [`settings!`](crate::settings!)), `()` for none.
pub struct Definition<S, C = ()> {
    server: ServerInfo,
    instructions: Option<String>,
    scopes: Vec<Scope>,
    tools: Vec<rmcp::model::Tool>,
    apps: Vec<McpApp>,
    prompts: Vec<Prompt>,
    mcp_resources: Vec<McpResource>,
    resources: Vec<AwsResource>,
    state: StateDeclaration,
    spans: SpansDeclaration,
    audit: AuditDeclaration,
    build: Build<S, C>,
    settings: PhantomData<fn() -> C>,
}

type Build<S, C> = Box<dyn FnOnce(C, &AwsEnvironment) -> Result<S, StartError>>;

/// A server that is ready to run.
pub(crate) struct BuiltServer<S> {
    pub(crate) server: S,
    pub(crate) settings: McpSettings,
    pub(crate) http: HttpSettings,
    pub(crate) contract: Contract,
    pub(crate) instructions: Option<String>,
    pub(crate) spans: Spans,
    pub(crate) audit: Audit,
    pub(crate) tools: Vec<rmcp::model::Tool>,
    pub(crate) apps: Vec<McpApp>,
    pub(crate) state: ServerState,
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
        let mut definition = Self::declare(name, version, build);
        definition.tools = tools;
        definition
    }
}

impl<S, C> Definition<S, C> {
    /// A definition without tools, of anything that is built from the settings.
    pub(crate) fn declare(
        name: &str,
        version: &str,
        build: impl FnOnce(C, &AwsEnvironment) -> Result<S, StartError> + 'static,
    ) -> Self {
        Self {
            server: ServerInfo {
                name: name.to_owned(),
                version: version.to_owned(),
                title: name.to_owned(),
                description: String::new(),
                website_url: None,
                icons: Vec::new(),
            },
            instructions: None,
            scopes: Vec::new(),
            tools: Vec::new(),
            apps: Vec::new(),
            prompts: Vec::new(),
            mcp_resources: Vec::new(),
            resources: Vec::new(),
            state: StateDeclaration::default(),
            spans: SpansDeclaration::default(),
            audit: AuditDeclaration::default(),
            build: Box::new(build),
            settings: PhantomData,
        }
    }

    /// The same declarations, of a server with these tools that is made of what was built.
    pub(crate) fn served_by<T>(
        self,
        tools: Vec<rmcp::model::Tool>,
        serve: impl FnOnce(S) -> T + 'static,
    ) -> Definition<T, C>
    where
        S: 'static,
        C: 'static,
    {
        let build = self.build;
        Definition {
            server: self.server,
            instructions: self.instructions,
            scopes: self.scopes,
            tools,
            apps: self.apps,
            prompts: self.prompts,
            mcp_resources: self.mcp_resources,
            resources: self.resources,
            state: self.state,
            spans: self.spans,
            audit: self.audit,
            build: Box::new(move |settings, aws| build(settings, aws).map(serve)),
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

    /// The `https` URL of a page about the server, for people. Default: none.
    #[must_use]
    pub fn website(mut self, url: &str) -> Self {
        self.server.website_url = Some(url.to_owned());
        self
    }

    /// Adds a picture of the server; clients choose the one of the size and theme that they need. Default: none.
    ///
    /// One that is neither at an `https` URL nor made by [`Icon::data`] prevents the server from starting and the contract from
    /// being printed.
    #[must_use]
    pub fn icon(mut self, icon: Icon) -> Self {
        self.server.icons.push(icon.into_contract());
        self
    }

    /// Tells models how to use the server as a whole; clients add it to the model's context. Default: that of the rmcp
    /// server.
    #[must_use]
    pub fn instructions(mut self, instructions: &str) -> Self {
        self.instructions = Some(instructions.to_owned());
        self
    }

    /// Declares an OAuth scope by its name, with the sentence that a consent page shows.
    #[must_use]
    pub fn scope(mut self, name: &str, description: &str) -> Self {
        self.scopes.push(Scope {
            name: name.to_owned(),
            description: description.to_owned(),
            includes: Vec::new(),
        });
        self
    }

    /// Declares an OAuth scope that includes others, by their names: a caller whose access token has this one counts as
    /// having those too, and what those include. `scope_including("dog.write", "Change dogs", &["dog.read"])`.
    ///
    /// An undeclared name, or scopes that include each other, prevent the server from starting and the contract from
    /// being printed. A challenge still names the scope that the tool declares.
    #[must_use]
    pub fn scope_including(mut self, name: &str, description: &str, includes: &[&str]) -> Self {
        self.scopes.push(Scope {
            name: name.to_owned(),
            description: description.to_owned(),
            includes: includes.iter().map(|name| (*name).to_owned()).collect(),
        });
        self
    }

    /// Declares the prompts of the rmcp server (`Self::prompt_router().list_all()`), so that the contract has them, and says what
    /// directories of MCP servers would refuse. The rmcp server itself lists and returns them.
    ///
    /// Two of one name prevent the server from starting and the contract from being printed.
    #[must_use]
    pub fn prompts(mut self, prompts: Vec<rmcp::model::Prompt>) -> Self {
        self.prompts
            .extend(prompts.into_iter().map(offered::prompt));
        self
    }

    /// Declares resources of the rmcp server, so that the contract has them, and says what directories would refuse. The rmcp
    /// server itself lists and returns them.
    ///
    /// Two at one URI, or one at that of an MCP App, prevent the server from starting and the contract from being printed.
    #[must_use]
    pub fn resources(mut self, resources: Vec<rmcp::model::Resource>) -> Self {
        let resources = resources.into_iter().map(offered::resource);
        self.mcp_resources.extend(resources);
        self
    }

    /// The same for templates of resources.
    #[must_use]
    pub fn resource_templates(mut self, templates: Vec<rmcp::model::ResourceTemplate>) -> Self {
        let templates = templates.into_iter().map(offered::template);
        self.mcp_resources.extend(templates);
        self
    }

    /// Declares an MCP App, by whose name tools refer to it ([`ToolPolicy::mcp_app`](crate::ToolPolicy::mcp_app)). The library
    /// serves its document as a resource beside those of the server itself.
    ///
    /// A document that no host shows, or a domain that is no origin, prevents the server from starting and the contract from
    /// being printed. It does not check what the document does.
    #[must_use]
    pub fn mcp_app(mut self, app: McpApp) -> Self {
        self.apps.push(app);
        self
    }

    /// Asks for a DynamoDB table with the partition key `pk` (string). The setting of this name holds the table's
    /// physical name. Tools say with [`ToolPolicy::aws`](crate::ToolPolicy::aws) what they do to it.
    #[must_use]
    pub fn dynamodb_table(mut self, name: &str, setting: &str) -> Self {
        self.resources.push(AwsResource {
            name: name.to_owned(),
            resource_type: AwsResourceType::DynamodbTable,
            setting: setting.to_owned(),
        });
        self
    }
}

impl<S: ServerHandler, C: Settings> Definition<S, C> {
    /// The contract of this server.
    ///
    /// # Errors
    ///
    /// [`StartError::Definition`] when it is contradictory, for example when a tool needs a scope that is not declared.
    pub fn contract(&self) -> Result<Contract, StartError> {
        let tools: Vec<_> = self.tools.iter().cloned().map(contract_tool).collect();
        let mut settings = McpSettings::definitions();
        settings.extend(HttpSettings::definitions());
        let mut contract = Contract {
            contract_version: CONTRACT_VERSION,
            server: self.server.clone(),
            scopes: self.scopes.clone(),
            request_headers: param_headers(&tools),
            tools,
            apps: self
                .apps
                .iter()
                .map(|app| app.describe(&self.server.name))
                .collect(),
            prompts: self.prompts.clone(),
            mcp_resources: self.mcp_resources.clone(),
            resources: self.resources.clone(),
            self_invocation: None,
            endpoint_methods: Vec::new(),
            settings,
            directory: Vec::new(),
        };
        contract.directory = contract.directory_findings();
        let state = self.state.requirements(&self.tools);
        state.add_to(&mut contract);
        contract.settings.extend(self.audit.definitions());
        contract.settings.extend(self.spans.definitions());
        contract.settings.extend(C::definitions());
        if !contract.endpoint_methods.is_empty() {
            contract.contract_version = ENDPOINT_METHODS_VERSION;
        } else if contract.self_invocation.is_some() {
            contract.contract_version = SELF_INVOCATION_VERSION;
        }
        let mut problems = contract.problems();
        problems.extend(self.apps.iter().filter_map(McpApp::problem));
        problems.extend(state.problems(&self.tools));
        problems.extend(self.tools.iter().filter_map(|tool| {
            let rule = ArgumentRules::new(tool).err()?;
            let tool = tool.name.to_string();
            Some(ContractProblem::Tool { tool, rule })
        }));
        if problems.is_empty() {
            Ok(contract)
        } else {
            Err(StartError::Definition(problems))
        }
    }

    /// Reads the settings and builds the server.
    pub(crate) fn build(self, process: &Process) -> Result<BuiltServer<S>, StartError> {
        let contract = self.contract()?;
        let mut reader = Reader::new(&process.variables);
        let requirements = self.state.requirements(&self.tools);
        // All are read before one is checked, so that every problem is reported at once.
        let settings = McpSettings::read(&mut reader);
        let http = HttpSettings::read(&mut reader);
        let state = requirements.read_settings(&mut reader);
        let audit = self.audit.read_settings(&mut reader);
        let own = C::read(&mut reader);
        let ((((settings, http), state), audit), own) = reader
            .finish(settings.zip(http).zip(state).zip(audit).zip(own))
            .map_err(StartError::Settings)?;
        let audit = self.audit.start(audit, &contract.server, process)?;
        let state = ServerState::new(requirements, state, &settings, process)?;
        let spans = self.spans.start(&contract.server, process);
        let server = (self.build)(own, &AwsEnvironment::new(process))?;
        Ok(BuiltServer {
            server,
            settings,
            http,
            contract,
            instructions: self.instructions,
            spans,
            audit,
            tools: self.tools,
            apps: self.apps,
            state,
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
