//! An rmcp server that has tools and nothing else.

use std::fmt;

use rmcp::handler::server::router::tool::{ToolRoute, ToolRouter};
use rmcp::handler::server::tool::ToolCallContext;
use rmcp::model::{
    CacheScope, CallToolRequestParams, CallToolResponse, ListToolsResult, PaginatedRequestParams,
    ProtocolVersion, ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler};

use crate::tool_policy::hide_policy;

/// The rmcp server of a [`Server`](crate::Server): its tools, and what they share.
pub struct ToolServer<App> {
    app: App,
    router: ToolRouter<App>,
    /// In the order in which they were added, as clients see them: a list clones them.
    tools: Vec<Tool>,
}

impl<App: Send + Sync + 'static> ToolServer<App> {
    pub(crate) fn new(app: App, routes: Vec<ToolRoute<App>>) -> Self {
        let tools = routes.iter().map(|route| {
            let mut tool = route.attr.clone();
            hide_policy(&mut tool);
            tool
        });
        let tools = tools.collect();
        let mut router = ToolRouter::new();
        for route in routes {
            router.add_route(route);
        }
        Self { app, router, tools }
    }
}

impl<App: Send + Sync + 'static> ServerHandler for ToolServer<App> {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let call = ToolCallContext::new(&self.app, request, context);
        self.router.call(call).await
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let mut list = ListToolsResult::with_all_items(self.tools.clone());
        if context
            .protocol_version()
            .is_some_and(|version| version >= ProtocolVersion::V_2026_07_28)
        {
            list.ttl_ms = Some(0);
            list.cache_scope = Some(CacheScope::Public);
        }
        Ok(list)
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.router.get(name).cloned()
    }
}

impl<App> fmt::Debug for ToolServer<App> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.tools.iter().map(|tool| &tool.name);
        formatter.debug_list().entries(names).finish()
    }
}
