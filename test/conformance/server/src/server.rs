#![expect(
    deprecated,
    reason = "the older revisions of the protocol have these methods, and the suite calls them"
)]

use std::time::SystemTime;

use mcp_lambda::{Definition, StartError, ToolPolicy};
use rmcp::handler::server::router::tool::ToolRouter;
use rmcp::model::{
    CompleteRequestParams, CompleteResult, GetPromptRequestParams, GetPromptResponse,
    Implementation, ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult,
    ListToolsResult, PaginatedRequestParams, ReadResourceRequestParams, ReadResourceResponse,
    RequestStateCodec, ServerCapabilities, ServerConfig, SetLevelRequestParams,
    SubscribeRequestParams, SubscriptionFilter, UnsubscribeRequestParams,
};
use rmcp::service::{RequestContext, SubscriptionContext};
use rmcp::{ErrorData, RoleServer, ServerHandler, tool_handler};

use crate::settings::ConformanceSettings;
use crate::shared_state::SharedState;
use crate::{changes, prompts, resources};

/// Name of the scope that every tool needs.
pub(crate) const SCOPE: &str = "conformance";

/// The server with every fixture that the official suite names: an ordinary rmcp server, as a tool author writes one.
#[derive(Clone)]
pub(crate) struct Conformance {
    pub(crate) now: fn() -> SystemTime,
    pub(crate) request_state: RequestStateCodec,
    pub(crate) shared: SharedState,
    tools: ToolRouter<Self>,
}

impl Conformance {
    /// # Errors
    ///
    /// The key of `requestState` is too short.
    pub(crate) fn new(
        settings: ConformanceSettings,
        now: fn() -> SystemTime,
    ) -> Result<Self, String> {
        let shared = SharedState::new(settings.state_directory.into());
        let request_state = RequestStateCodec::try_new(settings.request_state_key)
            .map_err(|error| format!("CONFORMANCE_REQUEST_STATE_KEY: {error}"))?;
        Ok(Self {
            now,
            request_state,
            shared,
            tools: Self::router(),
        })
    }

    fn router() -> ToolRouter<Self> {
        Self::content_tools()
            + Self::schema_tools()
            + Self::reporting_tools()
            + Self::client_request_tools()
            + Self::input_required_tools()
            + Self::task_tools()
            + Self::change_tools()
    }
}

/// Every tool needs the server's one scope, so that the suite runs through the wall of scopes.
pub(crate) fn definition(now: fn() -> SystemTime) -> Definition<Conformance, ConformanceSettings> {
    let mut tools = Conformance::router().list_all();
    for tool in &mut tools {
        tool.meta
            .get_or_insert_with(|| ToolPolicy::scopes(&[SCOPE]).meta());
    }
    Definition::new(
        env!("CARGO_PKG_NAME"),
        env!("CARGO_PKG_VERSION"),
        tools,
        move |settings, _| Conformance::new(settings, now).map_err(StartError::Server),
    )
    .scope(SCOPE, "Run the official MCP conformance suite")
    .resumable_streams()
    .opentelemetry()
}

#[tool_handler(router = self.tools)]
impl ServerHandler for Conformance {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_completions()
            .enable_logging()
            .enable_prompts()
            .enable_prompts_list_changed()
            .enable_resources()
            .enable_resources_subscribe()
            .enable_tools()
            .enable_tool_list_changed()
            .build();
        ServerConfig::new(capabilities)
            .with_server_info(Implementation::new(
                env!("CARGO_PKG_NAME"),
                env!("CARGO_PKG_VERSION"),
            ))
            .with_instructions("Fixtures of the official MCP conformance suite.")
    }

    /// In alphabetical order but for the first one: the suite calls whatever tool is listed first, without arguments
    /// and as a client without capabilities.
    async fn list_tools(
        &self,
        _page: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let mut tools = self.tools.list_all();
        tools.sort_by_key(|tool| tool.name != "test_simple_text");
        Ok(ListToolsResult::with_all_items(tools))
    }

    async fn list_prompts(
        &self,
        _page: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        Ok(ListPromptsResult::with_all_items(prompts::list()))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        prompts::get(request)
    }

    async fn complete(
        &self,
        request: CompleteRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        prompts::complete(&request)
    }

    async fn list_resources(
        &self,
        _page: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        Ok(ListResourcesResult::with_all_items(resources::list()))
    }

    async fn list_resource_templates(
        &self,
        _page: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        Ok(ListResourceTemplatesResult::with_all_items(
            resources::templates(),
        ))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        resources::read(&request.uri).map(Into::into)
    }

    async fn subscribe(
        &self,
        request: SubscribeRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        resources::watch(&request.uri)
    }

    async fn unsubscribe(
        &self,
        request: UnsubscribeRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        resources::watch(&request.uri)
    }

    /// Nothing is kept from one request to the next, so every message is sent, which the revisions that have this
    /// method leave to the server.
    async fn set_level(
        &self,
        _request: SetLevelRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        Ok(())
    }

    fn accepted_subscription_filter(
        &self,
        requested: &SubscriptionFilter,
    ) -> Option<SubscriptionFilter> {
        Some(requested.supported_by(&self.get_info().capabilities))
    }

    async fn listen(&self, subscription: SubscriptionContext) -> Result<(), ErrorData> {
        changes::report(&self.shared, self.now, &subscription).await
    }
}
