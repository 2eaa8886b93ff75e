//! Defines [`Definition`], which declares a server, produces its contract and builds it from its settings.

use std::fmt;
use std::marker::PhantomData;
#[cfg(feature = "dynamodb")]
use std::time::Duration;

#[cfg(feature = "dynamodb")]
use mcp_lambda_contract::ContractProblem;
use mcp_lambda_contract::{
    AwsResource, AwsResourceType, CONTRACT_VERSION, Contract, ENDPOINT_METHODS_VERSION,
    McpSettings, Reader, SELF_INVOCATION_VERSION, Scope, ServerInfo, Settings, param_headers,
};
use rmcp::ServerHandler;
#[cfg(feature = "dynamodb")]
use tokio::sync::mpsc::UnboundedReceiver;

use crate::access::contract_tool;
#[cfg(feature = "dynamodb")]
use crate::access::take_access;
use crate::runtime::aws::AwsEnvironment;
use crate::runtime::process::Process;
use crate::runtime::start_error::StartError;
#[cfg(feature = "dynamodb")]
use crate::session::takes_the_argument;
#[cfg(feature = "dynamodb")]
use crate::state::{self, ServerState, State, StateNeeds};
#[cfg(feature = "dynamodb")]
use crate::tasks::{self, Tasks};
#[cfg(feature = "opentelemetry")]
use crate::telemetry::spans;
use crate::telemetry::spans::Spans;

/// The lifetime of a session id.
#[cfg(feature = "dynamodb")]
const SESSION_TIME_TO_LIVE: Duration = crate::mcp_session::LIFETIME;

/// Everything about a server that is known before it starts: its name, tools, scopes, settings, AWS resources, and how
/// to build it.
///
/// `S` is the rmcp server, `C` the struct of its own settings (see [`settings!`](crate::settings!)), `()` for none.
pub struct Definition<S, C = ()> {
    server: ServerInfo,
    scopes: Vec<Scope>,
    tools: Vec<rmcp::model::Tool>,
    resources: Vec<AwsResource>,
    #[cfg(feature = "dynamodb")]
    asks_clients: bool,
    #[cfg(feature = "dynamodb")]
    resumes_streams: bool,
    #[cfg(feature = "dynamodb")]
    session_time_to_live: Duration,
    #[cfg(feature = "opentelemetry")]
    opentelemetry: bool,
    build: Build<S, C>,
    settings: PhantomData<fn() -> C>,
}

type Build<S, C> = Box<dyn FnOnce(C, &AwsEnvironment) -> Result<S, StartError>>;

/// A server that is ready to run.
pub(crate) struct Built<S> {
    pub(crate) server: S,
    pub(crate) settings: McpSettings,
    pub(crate) contract: Contract,
    pub(crate) spans: Spans,
    pub(crate) tools: Vec<rmcp::model::Tool>,
    #[cfg(feature = "dynamodb")]
    pub(crate) state: Option<ServerState>,
    #[cfg(feature = "dynamodb")]
    pub(crate) tasks: Option<Tasks>,
    /// The work items of tasks in this process.
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
            #[cfg(feature = "dynamodb")]
            resumes_streams: false,
            #[cfg(feature = "dynamodb")]
            session_time_to_live: SESSION_TIME_TO_LIVE,
            #[cfg(feature = "opentelemetry")]
            opentelemetry: false,
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

    /// Lets tools ask the client while they run (elicitation, sampling, roots): a tool calls
    /// `context.peer.create_elicitation(…)` and waits. This includes clients of revisions before 2026-07-28, whose
    /// response arrives at another process.
    ///
    /// Such a client gets a session id that contains its description, sealed. It is valid for seven days or until the
    /// client ends it with `DELETE`, so every request with a session id reads the table. The client's responses go
    /// through a DynamoDB table, `state` in the contract, with the partition key `pk` and the TTL attribute `expires`.
    /// On Lambda the settings `MCP_STATE_TABLE` and `MCP_STATE_KEYS` are required; the plain HTTP mode uses memory.
    ///
    /// Without it, and with buffered responses, such a tool fails at once for such a client. Clients of 2026-07-28 do
    /// not need it: a tool returns an `input_required` result for them.
    ///
    /// Does not store anything for the tool itself, and a question stays open until the invocation's deadline at most.
    #[cfg(feature = "dynamodb")]
    #[must_use]
    pub fn asks_clients(mut self) -> Self {
        self.asks_clients = true;
        self
    }

    /// Stores the event streams of clients of revision 2025-11-25, so that a client that lost its connection reconnects
    /// with `GET` and `Last-Event-ID`, at any process, and gets the rest (SEP-1699). It includes
    /// [`Definition::asks_clients`], and needs the same table and settings.
    ///
    /// Such a client gets a response that takes longer than a second, or that follows other messages, as an event
    /// stream whose first event has only an id; quick responses stay one JSON document and are not stored. Every event
    /// is written to the table, and the same caller can read it in the same session for an hour. A disconnect does not
    /// stop the tool. A tool can close the response with [`AnswerStream`](crate::AnswerStream).
    ///
    /// A call lives as long as its invocation: if that ends without a response, a client that reconnects gets an error.
    ///
    /// Does not store events of other revisions, more than 1,000 notifications of one call, or messages of more than 4
    /// MiB; these reach the client only while it is connected. There is no stream outside of responses: `GET` without
    /// `Last-Event-ID` gets 405. With buffered responses it has no effect.
    #[cfg(feature = "dynamodb")]
    #[must_use]
    pub fn resumable_streams(mut self) -> Self {
        self.resumes_streams = true;
        self
    }

    /// How long the value of a [`Session`](crate::Session) is kept after its last change, in whole seconds. Default:
    /// seven days.
    ///
    /// Does not apply to cached results or to session ids, which are valid for seven days.
    #[cfg(feature = "dynamodb")]
    #[must_use]
    pub fn session_time_to_live(mut self, time_to_live: Duration) -> Self {
        self.session_time_to_live = time_to_live;
        self
    }

    /// Makes OpenTelemetry spans if the environment names a receiver (`OTEL_EXPORTER_OTLP_ENDPOINT` and the other
    /// variables in `docs/telemetry.md`, which become settings of the contract): one for each request, which continues
    /// the caller's trace, and one for each call to DynamoDB and Lambda that the library makes for it. They are
    /// exported by OTLP, as protobuf over HTTP, after the response; a failed export is only logged.
    ///
    /// While a tool runs, the request's span is the current one of `opentelemetry::Context`, and the global tracer
    /// provider exports the same way, so that `opentelemetry::global::tracer("…")` makes children of it. It is set before
    /// the server is built.
    ///
    /// Does not export metrics or logs, and makes no spans of `tracing` by itself.
    #[cfg(feature = "opentelemetry")]
    #[must_use]
    pub fn opentelemetry(mut self) -> Self {
        self.opentelemetry = true;
        self
    }

    #[cfg(feature = "opentelemetry")]
    fn spans(&self, contract: &Contract, process: &Process) -> Spans {
        if self.opentelemetry {
            Spans::start(&contract.server, process)
        } else {
            Spans::default()
        }
    }

    #[cfg(not(feature = "opentelemetry"))]
    fn spans(&self, _contract: &Contract, _process: &Process) -> Spans {
        Spans
    }

    #[cfg(feature = "dynamodb")]
    fn state_needs(&self) -> StateNeeds {
        let tools = self.tools.iter().cloned();
        StateNeeds {
            asks_clients: self.asks_clients || self.resumes_streams,
            resumes_streams: self.resumes_streams,
            tools: tools
                .map(|mut tool| {
                    let access = take_access(&mut tool);
                    (tool.name.into_owned(), access.state)
                })
                .collect(),
        }
    }

    /// Declarations of tools that are contradictory.
    #[cfg(feature = "dynamodb")]
    fn state_problems(&self, needs: &StateNeeds) -> Vec<ContractProblem> {
        let problem = |tool: &rmcp::model::Tool| {
            let declared = needs.tools.get(tool.name.as_ref())?;
            let taken = declared.session.is_any() && takes_the_argument(tool);
            let is_short = declared.session.is_any() && self.session_time_to_live.as_secs() == 0;
            let rule = declared
                .problem()
                .or(taken.then_some(
                    "has a Session and a member conversation of its own, which is where the handle travels: rename it",
                ))
                .or(is_short.then_some(
                    "has a Session that is kept for less than a second: use a longer session_time_to_live",
                ));
            Some(ContractProblem::Tool {
                tool: tool.name.to_string(),
                rule: rule?,
            })
        };
        self.tools.iter().filter_map(problem).collect()
    }

    /// The contract of this server.
    ///
    /// # Errors
    ///
    /// [`StartError::Definition`] when it is contradictory, for example when a tool needs a scope that is not declared.
    pub fn contract(&self) -> Result<Contract, StartError> {
        let mut settings = McpSettings::definitions();
        #[cfg_attr(not(feature = "dynamodb"), expect(unused_mut))]
        let mut tools: Vec<_> = self.tools.iter().cloned().map(contract_tool).collect();
        #[cfg_attr(not(feature = "dynamodb"), expect(unused_mut))]
        let mut resources = self.resources.clone();
        #[cfg(feature = "dynamodb")]
        let needs = self.state_needs();
        #[cfg(feature = "dynamodb")]
        state::add_to_contract(&needs, &mut settings, &mut resources, &mut tools);
        #[cfg(feature = "opentelemetry")]
        if self.opentelemetry {
            settings.extend(spans::definitions());
        }
        settings.extend(C::definitions());
        #[cfg(feature = "dynamodb")]
        let self_invocation = needs.has_tasks().then(tasks::self_invocation);
        #[cfg(not(feature = "dynamodb"))]
        let self_invocation = None;
        #[cfg(feature = "dynamodb")]
        let endpoint_methods = needs.endpoint_methods();
        #[cfg(not(feature = "dynamodb"))]
        let endpoint_methods = Vec::new();
        let contract_version = match (&self_invocation, endpoint_methods.as_slice()) {
            (None, []) => CONTRACT_VERSION,
            (Some(_), []) => SELF_INVOCATION_VERSION,
            (_, [_, ..]) => ENDPOINT_METHODS_VERSION,
        };
        let contract = Contract {
            contract_version,
            server: self.server.clone(),
            scopes: self.scopes.clone(),
            request_headers: param_headers(&tools),
            tools,
            resources,
            self_invocation,
            endpoint_methods,
            settings,
        };
        #[cfg_attr(not(feature = "dynamodb"), expect(unused_mut))]
        let mut problems = contract.problems();
        #[cfg(feature = "dynamodb")]
        problems.extend(self.state_problems(&needs));
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
        // Both are read before either is checked, so that every problem is reported at once.
        let settings = McpSettings::read(&mut reader);
        #[cfg(feature = "dynamodb")]
        let needs = self.state_needs();
        #[cfg(feature = "dynamodb")]
        let state = if needs.table() {
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
            .map(|state| State::new(state, &needs, &settings, process))
            .transpose()?
            .map(|state| ServerState {
                state,
                needs,
                session_time_to_live: self.session_time_to_live,
            });
        #[cfg(feature = "dynamodb")]
        let (tasks, work) = tasks::start(state.as_ref(), process)?;
        let spans = self.spans(&contract, process);
        let server = (self.build)(own, &AwsEnvironment::new(process))?;
        Ok(Built {
            server,
            settings,
            contract,
            spans,
            tools: self.tools,
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
