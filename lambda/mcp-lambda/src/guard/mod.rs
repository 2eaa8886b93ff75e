//! Wraps the author's server with the checks that rmcp lacks: scopes, panics, parameters and deadlines.

// The handler trait has methods for features that newer revisions of the protocol deprecate; they are forwarded.
#![expect(
    deprecated,
    reason = "every method of the wrapped server is passed on, also the deprecated ones"
)]

mod apps;
pub(crate) mod arguments;
mod audited;
pub(crate) mod capabilities;
pub(crate) mod identity;
pub(crate) mod integers;
mod resources;
pub(crate) mod tool_call;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use mcp_lambda_contract::{Contract, ResponseMode};
use rmcp::model::{
    CacheScope, CallToolRequestParams, CallToolResponse, CancelTaskParams,
    CancelledNotificationParam, CompleteRequestParams, CompleteResult, CustomNotification,
    CustomRequest, CustomResult, DiscoverResult, Extensions, GetPromptRequestParams,
    GetPromptResponse, GetSkillRequestParams, GetSkillResult, GetTaskParams, GetTaskResult,
    InitializeRequestParams, InitializeResult, JsonObject, ListPromptsResult,
    ListResourceTemplatesResult, ListResourcesResult, ListSkillsResult, ListToolsResult,
    PaginatedRequestParams, ProgressNotificationParam, ProtocolVersion,
    ReadResourceDirectoryRequestParams, ReadResourceRequestParams, ReadResourceResponse,
    ServerCapabilities, ServerConfig, SetLevelRequestParams, SubscribeRequestParams,
    SubscriptionFilter, Tool, UnsubscribeRequestParams, UpdateTaskParams,
};
use rmcp::service::{NotificationContext, RequestContext, SubscriptionContext};
use rmcp::transport::StreamableHttpService;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde_json::json;

use crate::app::McpApp;
use crate::audit::Audit;
use crate::endpoint::lists::page;
use crate::endpoint::params::{self, Offer, is_notification_of_the_protocol};
use crate::guard::apps::Apps;
use crate::guard::arguments::ArgumentRules;
use crate::guard::capabilities::withdraw_notifications;
use crate::guard::identity::Identity;
use crate::request_facts::RequestFacts;
use crate::revision::Revision;
use crate::runtime::deadline::until;
use crate::runtime::log::Log;
use crate::runtime::shutdown::Shutdown;
use crate::state::call_state::CallState;
use crate::state::requirements::StateUse;
use crate::telemetry::Outcome;
use crate::token::policy::{Policy, Verdict};
use crate::tool_policy::{hide_policy, policy_of};
use crate::work_permit::WorkPermit;

/// The author's server with checks that rmcp lacks:
///
/// - a tool is reached only by a caller that has the tool's scopes, and only such tools are listed,
/// - a panic becomes a response (rmcp's task would end without one),
/// - arguments that do not fit the tool's input schema are a tool error that names them,
/// - parameters that do not fit their method are refused as such (rmcp takes the request for one of an unknown method),
/// - a cursor is accepted only when the list has pages,
/// - a tool that declares it runs as a task for clients that know tasks,
/// - a tool, and a subscription, end before the invocation does,
/// - the documents of MCP Apps are resources, and named at the tools,
/// - subscriptions are not offered when the response cannot be streamed.
pub(crate) struct Guarded<S> {
    pub(crate) server: Arc<S>,
    identity: Arc<Identity>,
    pub(crate) policy: Arc<Policy>,
    /// Input schemas by the tool's name.
    pub(crate) schemas: Arc<BTreeMap<Cow<'static, str>, Arc<JsonObject>>>,
    /// What arguments must be, by the tool's name.
    pub(crate) rules: Arc<BTreeMap<Cow<'static, str>, ArgumentRules>>,
    /// What tools keep, by the tool's name. Absent for a tool that keeps nothing.
    uses: Arc<BTreeMap<Cow<'static, str>, StateUse>>,
    apps: Arc<Apps>,
    streams: bool,
    pub(crate) log: Log,
    pub(crate) state: CallState,
    pub(crate) shutdown: Shutdown,
    pub(crate) audit: Audit,
}

/// What a request that is being handled has besides its parameters.
struct Handling {
    outcome: Outcome,
    permit: WorkPermit,
}

impl Handling {
    fn of(extensions: &Extensions) -> Self {
        Self {
            outcome: RequestFacts::outcome(extensions),
            permit: RequestFacts::permit(extensions),
        }
    }
}

/// rmcp's Streamable HTTP service for the author's server.
pub(crate) type RmcpService<S> = StreamableHttpService<Guarded<S>, NeverSessionManager>;

impl<S> Clone for Guarded<S> {
    /// Another handle of the same server.
    fn clone(&self) -> Self {
        Self {
            server: Arc::clone(&self.server),
            identity: Arc::clone(&self.identity),
            policy: Arc::clone(&self.policy),
            schemas: Arc::clone(&self.schemas),
            rules: Arc::clone(&self.rules),
            uses: Arc::clone(&self.uses),
            apps: Arc::clone(&self.apps),
            streams: self.streams,
            log: self.log.clone(),
            state: self.state.clone(),
            shutdown: self.shutdown.clone(),
            audit: self.audit.clone(),
        }
    }
}

impl<S> Guarded<S> {
    pub(crate) fn new(
        server: S,
        identity: Identity,
        tools: Vec<Tool>,
        policy: Arc<Policy>,
        mode: ResponseMode,
        log: Log,
        state: CallState,
    ) -> Self {
        // The definition has refused a tool without rules.
        let rules = tools
            .iter()
            .filter_map(|tool| Some((tool.name.clone(), ArgumentRules::new(tool).ok()?)));
        let rules = Arc::new(rules.collect());
        let uses = tools
            .iter()
            .map(|tool| (tool.name.clone(), policy_of(tool).state))
            .filter(|(_, state)| !state.is_nothing());
        let uses = Arc::new(uses.collect());
        let schemas = tools.into_iter().map(|tool| (tool.name, tool.input_schema));
        Self {
            server: Arc::new(server),
            identity: Arc::new(identity),
            policy,
            schemas: Arc::new(schemas.collect()),
            rules,
            uses,
            apps: Arc::default(),
            streams: mode == ResponseMode::Stream,
            log,
            state,
            shutdown: Shutdown::never(),
            audit: Audit::default(),
        }
    }

    /// The same server with these MCP Apps, which the contract describes.
    pub(crate) fn with_apps(mut self, apps: Vec<McpApp>, contract: &Contract) -> Self {
        self.apps = Arc::new(Apps::new(apps, contract));
        self
    }

    /// The same server in a process that ends with this shutdown.
    pub(crate) fn until(mut self, shutdown: Shutdown) -> Self {
        self.shutdown = shutdown;
        self
    }

    /// The same server with a record of each tool call.
    pub(crate) fn recorded_by(mut self, audit: Audit) -> Self {
        self.audit = audit;
        self
    }

    /// Clients that `initialize` get change notifications on the stream of a GET, which this endpoint does not have.
    fn capabilities_of_older_revisions(&self) -> ServerCapabilities
    where
        S: ServerHandler,
    {
        let mut capabilities = self.get_info().capabilities;
        withdraw_notifications(&mut capabilities);
        capabilities
    }

    /// The features that a request of this revision can use.
    fn offer(&self, revision: Revision) -> Offer
    where
        S: ServerHandler,
    {
        Offer {
            capabilities: self.get_info().capabilities,
            is_legacy: revision.is_legacy(),
            subscribes: self
                .accepted_subscription_filter(&SubscriptionFilter::default())
                .is_some(),
        }
    }

    /// Turns a panic of the author's code into an error. The message of the panic is dropped, because it may contain
    /// anything.
    async fn catch_panic<T>(
        &self,
        method: &'static str,
        Handling { outcome, permit }: Handling,
        response: impl Future<Output = Result<T, ErrorData>>,
    ) -> Result<T, ErrorData> {
        let response = AssertUnwindSafe(outcome.active(response)).catch_unwind();
        let response = permit
            .given_back_on_wait(response)
            .await
            .unwrap_or_else(|_| {
                self.log
                    .error("the server panicked", &json!({ "method": method }));
                Err(ErrorData::internal_error(
                    format!("the server failed while answering {method}"),
                    None,
                ))
            });
        if let Err(error) = &response {
            outcome.error(error.code);
        }
        response
    }
}

/// Passes requests on to the author's server, or to a method of this type, with nothing but the panic caught.
macro_rules! forward {
    ($($name:ident($params:ty) -> $result:ty = $method:literal by $own:path;)*) => {
        $(
            fn $name(
                &self,
                request: $params,
                context: RequestContext<RoleServer>,
            ) -> impl Future<Output = Result<$result, ErrorData>> + Send {
                async move {
                    let handling = Handling::of(&context.extensions);
                    self.catch_panic($method, handling, $own(self, request, context)).await
                }
                .boxed()
            }
        )*
    };
    ($($name:ident($params:ty) -> $result:ty = $method:literal;)*) => {
        $(
            fn $name(
                &self,
                request: $params,
                context: RequestContext<RoleServer>,
            ) -> impl Future<Output = Result<$result, ErrorData>> + Send {
                async move {
                    let handling = Handling::of(&context.extensions);
                    self.catch_panic($method, handling, async { self.server.$name(request, context).await }).await
                }
                .boxed()
            }
        )*
    };
}

/// Passes requests for a page of a list on to the author's server, when there is such a page.
macro_rules! forward_pages {
    ($($name:ident -> $result:ty = $method:literal;)*) => {
        $(
            fn $name(
                &self,
                request: Option<PaginatedRequestParams>,
                context: RequestContext<RoleServer>,
            ) -> impl Future<Output = Result<$result, ErrorData>> + Send {
                async move {
                    let handling = Handling::of(&context.extensions);
                    self.catch_panic($method, handling, page!(self.server, $name, request, context)).await
                }
                .boxed()
            }
        )*
    };
}

/// Every future is boxed: rmcp makes one of all of them, as large as the largest, and moves it a dozen times for
/// each request.
impl<S: ServerHandler> ServerHandler for Guarded<S> {
    fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<CallToolResponse, ErrorData>> + Send {
        self.call_and_record(request, context).boxed()
    }

    fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<ListToolsResult, ErrorData>> + Send {
        async move {
            let facts = RequestFacts::of(&context.extensions)?.clone();
            let client = context.client_capabilities();
            let mut list = self
                .catch_panic(
                    "tools/list",
                    Handling::of(&context.extensions),
                    page!(self.server, list_tools, request, context),
                )
                .await?;
            list.tools
                .retain(|tool| self.policy.judge(&tool.name, &facts.caller) == Verdict::Allowed);
            if !facts.revision.is_legacy() && self.apps.depend_on_client() {
                list.tools
                    .retain(|tool| self.apps.is_listed(&tool.name, client.as_ref()));
            }
            for tool in &mut list.tools {
                hide_policy(tool);
                self.apps.describe(tool);
                if facts.state.needs_handle()
                    && let Some(uses) = self.uses.get(&tool.name)
                {
                    uses.describe(tool);
                }
            }
            let depends = self.policy.depends_on_caller() || self.apps.depend_on_client();
            if !facts.revision.is_legacy() && depends {
                list.cache_scope = Some(CacheScope::Private);
            }
            Ok(list)
        }
        .boxed()
    }

    /// rmcp needs the input schema to check `Mcp-Param-*` headers. The definition has it; the author's server
    /// might rebuild all its tools to find it.
    fn get_tool(&self, name: &str) -> Option<Tool> {
        let schema = Arc::clone(self.schemas.get(name)?);
        Some(Tool::new(name.to_owned(), "", schema))
    }

    fn get_info(&self) -> ServerConfig {
        let mut info = self.server.get_info();
        self.identity
            .apply(&mut info.server_info, &mut info.instructions);
        self.state.advertise(&mut info.capabilities);
        self.apps.advertise(&mut info.capabilities);
        if !self.streams {
            // A client would wait for notifications that a buffered response cannot carry.
            withdraw_notifications(&mut info.capabilities);
        }
        info
    }

    fn accepted_subscription_filter(
        &self,
        requested: &SubscriptionFilter,
    ) -> Option<SubscriptionFilter> {
        if self.streams {
            self.server.accepted_subscription_filter(requested)
        } else {
            None
        }
    }

    fn listen(
        &self,
        context: SubscriptionContext,
    ) -> impl Future<Output = Result<(), ErrorData>> + Send {
        async move {
            let facts = RequestFacts::of(&context.request_context().extensions)?;
            let end = facts.deadline.for_tool();
            let handling = Handling::of(&context.request_context().extensions);
            let listening = self.catch_panic("subscriptions/listen", handling, async {
                self.server.listen(context).await
            });
            tokio::select! {
                biased;
                ended = listening => ended,
                // The revision's graceful end: the client subscribes again.
                () = until(end) => Ok(()),
                _ = self.shutdown.clone().begun() => Ok(()),
            }
        }
        .boxed()
    }

    fn negotiate_initialize(
        &self,
        request: &InitializeRequestParams,
    ) -> Result<InitializeResult, ErrorData> {
        let mut result = self.server.negotiate_initialize(request)?;
        self.identity
            .apply(&mut result.server_info, &mut result.instructions);
        result.capabilities = self.capabilities_of_older_revisions();
        Ok(result)
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        self.server.supported_protocol_versions()
    }

    fn ping(
        &self,
        context: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<(), ErrorData>> + Send {
        async move {
            let handling = Handling::of(&context.extensions);
            self.catch_panic("ping", handling, async { self.server.ping(context).await })
                .await
        }
        .boxed()
    }

    fn initialize(
        &self,
        request: InitializeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<InitializeResult, ErrorData>> + Send {
        async move {
            let handling = Handling::of(&context.extensions);
            let mut result = self
                .catch_panic("initialize", handling, async {
                    self.server.initialize(request, context).await
                })
                .await?;
            self.identity
                .apply(&mut result.server_info, &mut result.instructions);
            result.capabilities = self.capabilities_of_older_revisions();
            Ok(result)
        }
        .boxed()
    }

    fn discover(
        &self,
        context: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<DiscoverResult, ErrorData>> + Send {
        async move {
            let ServerConfig {
                capabilities,
                server_info,
                ..
            } = self.get_info();
            let handling = Handling::of(&context.extensions);
            let mut result = self
                .catch_panic("server/discover", handling, async {
                    self.server.discover(context).await
                })
                .await?;
            result.capabilities = capabilities;
            let mut info = result.server_info().unwrap_or(server_info);
            self.identity.apply(&mut info, &mut result.instructions);
            result.set_server_info(info);
            Ok(result)
        }
        .boxed()
    }

    fn on_cancelled(
        &self,
        notification: CancelledNotificationParam,
        context: NotificationContext<RoleServer>,
    ) -> impl Future<Output = ()> + Send {
        async move {
            self.server.on_cancelled(notification, context).await;
        }
        .boxed()
    }

    fn on_progress(
        &self,
        notification: ProgressNotificationParam,
        context: NotificationContext<RoleServer>,
    ) -> impl Future<Output = ()> + Send {
        async move {
            self.server.on_progress(notification, context).await;
        }
        .boxed()
    }

    fn on_initialized(
        &self,
        context: NotificationContext<RoleServer>,
    ) -> impl Future<Output = ()> + Send {
        async move {
            self.server.on_initialized(context).await;
        }
        .boxed()
    }

    fn on_roots_list_changed(
        &self,
        context: NotificationContext<RoleServer>,
    ) -> impl Future<Output = ()> + Send {
        async move {
            self.server.on_roots_list_changed(context).await;
        }
        .boxed()
    }

    fn on_custom_notification(
        &self,
        notification: CustomNotification,
        context: NotificationContext<RoleServer>,
    ) -> impl Future<Output = ()> + Send {
        async move {
            // One of the protocol that does not fit its method is ignored (cancellation, error handling).
            if !is_notification_of_the_protocol(&notification.method) {
                self.server
                    .on_custom_notification(notification, context)
                    .await;
            }
        }
        .boxed()
    }

    fn on_custom_request(
        &self,
        request: CustomRequest,
        context: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<CustomResult, ErrorData>> + Send {
        async move {
            let facts = RequestFacts::of(&context.extensions)?;
            let revision = facts.revision;
            let handling = Handling::of(&context.extensions);
            self.catch_panic("a custom request", handling, async {
                if let Some(problem) = params::problem(&request, &self.offer(revision)) {
                    return Err(ErrorData::invalid_params(problem, None));
                }
                self.server.on_custom_request(request, context).await
            })
            .await
        }
        .boxed()
    }

    forward_pages! {
        list_prompts -> ListPromptsResult = "prompts/list";
        list_skills -> ListSkillsResult = "skills/list";
    }

    forward! {
        list_resources(Option<PaginatedRequestParams>) -> ListResourcesResult = "resources/list" by Self::page_of_resources;
        list_resource_templates(Option<PaginatedRequestParams>) -> ListResourceTemplatesResult = "resources/templates/list" by Self::page_of_templates;
        read_resource(ReadResourceRequestParams) -> ReadResourceResponse = "resources/read" by Self::resource;
    }

    forward! {
        get_task(GetTaskParams) -> GetTaskResult = "tasks/get" by Self::look_up_task;
        update_task(UpdateTaskParams) -> () = "tasks/update" by Self::answer_task;
        cancel_task(CancelTaskParams) -> () = "tasks/cancel" by Self::end_task;
    }

    forward! {
        complete(CompleteRequestParams) -> CompleteResult = "completion/complete";
        set_level(SetLevelRequestParams) -> () = "logging/setLevel";
        get_prompt(GetPromptRequestParams) -> GetPromptResponse = "prompts/get";
        subscribe(SubscribeRequestParams) -> () = "resources/subscribe";
        unsubscribe(UnsubscribeRequestParams) -> () = "resources/unsubscribe";
        get_skill(GetSkillRequestParams) -> GetSkillResult = "skills/get";
        read_resource_directory(ReadResourceDirectoryRequestParams) -> ListResourcesResult = "resources/directory/read";
    }
}
