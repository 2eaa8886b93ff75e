//! The MCP server under test: one tool per behaviour that the library has to carry or to guard.
#![expect(
    deprecated,
    reason = "sampling is what clients of older revisions have"
)]

use std::time::Duration;

use mcp_lambda::{Caller, CallerKind, Deadline, Definition, ToolPolicy};
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{
    CallToolResult, ContentBlock, CreateMessageRequestParams, GetPromptRequestParams,
    GetPromptResponse, ProgressNotificationParam, Role, SamplingMessage, ServerCapabilities,
    ServerConfig, SubscriptionFilter,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler, schemars, tool, tool_handler, tool_router};
use serde::Deserialize;
use tokio::sync::Semaphore;

/// Lets `progress` finish; the test adds a permit when it has seen the notification.
pub(crate) static PROGRESS_SEEN: Semaphore = Semaphore::const_new(0);

pub(crate) struct TestServer;

#[derive(Deserialize, schemars::JsonSchema)]
struct Echo {
    text: String,
}

#[tool_router(vis = "pub(crate)")]
impl TestServer {
    #[tool(description = "Returns its argument", meta = ToolPolicy::scopes(&["tools"]).meta())]
    async fn echo(
        &self,
        Parameters(Echo { text }): Parameters<Echo>,
    ) -> Result<CallToolResult, ErrorData> {
        match text.split_once(": ") {
            Some(("panic", what)) => panic!("{what}"),
            Some(("fail", what)) => Err(ErrorData::internal_error(what.to_owned(), None)),
            Some(("error", what)) => Ok(CallToolResult::error(vec![ContentBlock::text(what)])),
            Some(_) | None => Ok(CallToolResult::success(vec![ContentBlock::text(text)])),
        }
    }

    #[tool(description = "Says who calls", meta = ToolPolicy::scopes(&["profile"]).meta())]
    async fn who_am_i(&self, caller: Caller) -> String {
        let kind = match caller.kind() {
            CallerKind::Person => "person",
            CallerKind::Machine => "machine",
        };
        let scopes: Vec<&str> = caller.scopes().collect();
        let groups: Vec<&str> = caller.groups().collect();
        format!(
            "{kind} {} {} {scopes:?} {groups:?}",
            caller.subject(),
            caller.app_client_id()
        )
    }

    #[tool(description = "Shows the HTTP headers that a tool can see", meta = ToolPolicy::scopes(&["tools"]).meta())]
    async fn headers(&self, context: RequestContext<RoleServer>) -> String {
        let parts = context.extensions.get::<http::request::Parts>();
        parts
            .map(|parts| format!("{:?}", parts.headers))
            .unwrap_or_default()
    }

    #[tool(description = "Needs two scopes", meta = ToolPolicy::scopes(&["tools", "admin"]).meta())]
    async fn administer(&self) -> String {
        "administered".to_owned()
    }

    #[tool(description = "Panics", meta = ToolPolicy::scopes(&["tools"]).meta())]
    async fn panics(&self) -> String {
        panic!("the dog ate it")
    }

    #[tool(description = "Takes ten minutes", meta = ToolPolicy::scopes(&["tools"]).meta())]
    async fn sleeps(&self, deadline: Deadline) -> String {
        assert!(
            deadline
                .remaining()
                .is_some_and(|left| left < Duration::from_secs(600)),
            "the tool knows its deadline"
        );
        tokio::time::sleep(Duration::from_secs(600)).await;
        "rested".to_owned()
    }

    #[tool(description = "Reports progress, then waits for the test", meta = ToolPolicy::scopes(&["tools"]).meta())]
    async fn progress(&self, context: RequestContext<RoleServer>) -> Result<String, ErrorData> {
        let token = context
            .meta
            .get_progress_token()
            .ok_or(ErrorData::invalid_params("no progress token", None))?;
        let _ = context
            .peer
            .notify_progress(ProgressNotificationParam::new(token, 1.0).with_total(2.0))
            .await;
        let _permit = PROGRESS_SEEN.acquire().await;
        Ok("done".to_owned())
    }

    #[tool(description = "Reports progress, and is done soon after", meta = ToolPolicy::scopes(&["tools"]).meta())]
    async fn ticks(&self, context: RequestContext<RoleServer>) -> Result<String, ErrorData> {
        let token = context
            .meta
            .get_progress_token()
            .ok_or(ErrorData::invalid_params("no progress token", None))?;
        let _ = context
            .peer
            .notify_progress(ProgressNotificationParam::new(token, 1.0))
            .await;
        tokio::time::sleep(Duration::from_millis(5)).await;
        Ok("done".to_owned())
    }

    #[tool(description = "Reports progress, and never ends", meta = ToolPolicy::scopes(&["tools"]).meta())]
    async fn drums(&self, context: RequestContext<RoleServer>) -> Result<String, ErrorData> {
        let token = context
            .meta
            .get_progress_token()
            .ok_or(ErrorData::invalid_params("no progress token", None))?;
        let _ = context
            .peer
            .notify_progress(ProgressNotificationParam::new(token, 1.0))
            .await;
        std::future::pending().await
    }

    #[tool(description = "Asks the client's model", meta = ToolPolicy::scopes(&["tools"]).meta())]
    async fn asks(&self, context: RequestContext<RoleServer>) -> Result<String, ErrorData> {
        let question =
            CreateMessageRequestParams::new(vec![SamplingMessage::new(Role::User, "why?")], 10);
        match context.peer.create_message(question).await {
            Ok(_) => Ok("answered".to_owned()),
            Err(error) => Err(ErrorData::internal_error(error.to_string(), None)),
        }
    }
}

#[tool_handler]
impl ServerHandler for TestServer {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(
            ServerCapabilities::builder()
                .enable_tools()
                .enable_tool_list_changed()
                .enable_prompts()
                .enable_prompts_list_changed()
                .enable_resources()
                .enable_resources_subscribe()
                .build(),
        )
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        if request.name == "slow" {
            std::future::pending::<()>().await;
        }
        panic!("the dog ate the prompt")
    }

    fn accepted_subscription_filter(
        &self,
        requested: &SubscriptionFilter,
    ) -> Option<SubscriptionFilter> {
        Some(requested.clone())
    }
}

pub(crate) fn definition() -> Definition<TestServer> {
    Definition::new(
        "test-server",
        "1.0.0",
        TestServer::tool_router().list_all(),
        |(), _| Ok(TestServer),
    )
    .scope("tools", "Use the tools")
    .scope("profile", "Know who calls")
    .scope("admin", "Administer")
    .scope_including("owner", "Do everything", &["everything"])
    .scope_including("everything", "Do everything as well", &["tools", "admin"])
}
