// The handler trait has methods for features that newer revisions of the protocol deprecate; they are passed on.
#![expect(
    deprecated,
    reason = "every method of the wrapped server is passed on, also the deprecated ones"
)]

use std::borrow::Cow;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
#[cfg(feature = "dynamodb")]
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::FutureExt;
use mcp_lambda_contract::ResponseMode;
use rmcp::model::{
    CacheScope, CallToolRequestParams, CallToolResponse, CallToolResult, CancelTaskParams,
    CancelledNotificationParam, CompleteRequestParams, CompleteResult, ContentBlock,
    CustomNotification, CustomRequest, CustomResult, DiscoverResult, GetPromptRequestParams,
    GetPromptResponse, GetSkillRequestParams, GetSkillResult, GetTaskParams, GetTaskResult,
    InitializeRequestParams, InitializeResult, ListPromptsResult, ListResourceTemplatesResult,
    ListResourcesResult, ListSkillsResult, ListToolsResult, PaginatedRequestParams,
    ProgressNotificationParam, ProtocolVersion, ReadResourceDirectoryRequestParams,
    ReadResourceRequestParams, ReadResourceResponse, ServerCapabilities, ServerConfig,
    SetLevelRequestParams, SubscribeRequestParams, SubscriptionFilter, Tool,
    UnsubscribeRequestParams, UpdateTaskParams,
};
#[cfg(feature = "dynamodb")]
use rmcp::model::{JsonObject, TASKS_EXTENSION_ID};
use rmcp::service::{NotificationContext, RequestContext, SubscriptionContext};
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde_json::json;

#[cfg(feature = "dynamodb")]
use crate::access::TaskUse;
use crate::access::{Policy, Verdict, take_access};
use crate::caller::Caller;
use crate::deadline::Deadline;
use crate::log::Log;
#[cfg(feature = "dynamodb")]
use crate::tasks::{self, Call, NotCreated, Tasks, Turn};

/// The author's server, with what rmcp does not guard against:
///
/// - a tool is reached only by a caller that has the tool's scopes, and only such tools are listed,
/// - a panic becomes an answer (rmcp's task would end without one),
/// - a tool that declares it runs as a task for clients that know tasks,
/// - a tool, and a subscription, end before the invocation does,
/// - subscriptions are not offered where the answer cannot be streamed.
pub(crate) struct Guarded<S> {
    server: Arc<S>,
    policy: Arc<Policy>,
    #[cfg(feature = "dynamodb")]
    tasks: Option<Tasks>,
    streams: bool,
    log: Log,
}

impl<S> Clone for Guarded<S> {
    /// Another handle of the same server.
    fn clone(&self) -> Self {
        Self {
            server: Arc::clone(&self.server),
            policy: Arc::clone(&self.policy),
            #[cfg(feature = "dynamodb")]
            tasks: self.tasks.clone(),
            streams: self.streams,
            log: self.log.clone(),
        }
    }
}

impl<S> Guarded<S> {
    pub(crate) fn new(server: Arc<S>, policy: Arc<Policy>, mode: ResponseMode, log: Log) -> Self {
        Self {
            server,
            policy,
            #[cfg(feature = "dynamodb")]
            tasks: None,
            streams: mode == ResponseMode::Stream,
            log,
        }
    }

    /// Runs the tools that declare it as tasks.
    #[cfg(feature = "dynamodb")]
    pub(crate) fn with_tasks(mut self, tasks: Option<Tasks>) -> Self {
        self.tasks = tasks;
        self
    }

    /// Clients that `initialize` hear of changes on the stream of a GET, which this endpoint does not have.
    fn capabilities_of_older_revisions(&self) -> ServerCapabilities
    where
        S: ServerHandler,
    {
        let mut capabilities = self.get_info().capabilities;
        withdraw_notifications(&mut capabilities);
        capabilities
    }

    /// Turns a panic of the author's code into an error. The message of the panic goes to the standard error stream,
    /// not to the caller.
    async fn caught<T>(
        &self,
        method: &'static str,
        answer: impl Future<Output = Result<T, ErrorData>>,
    ) -> Result<T, ErrorData> {
        AssertUnwindSafe(answer)
            .catch_unwind()
            .await
            .unwrap_or_else(|_| {
                self.log
                    .error("the server panicked", &json!({ "method": method }));
                Err(ErrorData::internal_error(
                    format!("the server failed while answering {method}"),
                    None,
                ))
            })
    }
}

impl<S: ServerHandler> Guarded<S> {
    /// Runs the author's tool until it has answered, panicked, or is out of time.
    async fn run_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let name = request.name.clone();
        let end = Deadline::of(&context.extensions).for_tool();
        #[cfg(feature = "dynamodb")]
        let turn = Turn::of(&context.extensions).cloned();
        let call = AssertUnwindSafe(async { self.server.call_tool(request, context).await })
            .catch_unwind();
        let bounded = async {
            match end {
                None => Ok(call.await),
                Some(end) => tokio::time::timeout_at(end, call).await,
            }
        };
        #[cfg(feature = "dynamodb")]
        let outcome = match &turn {
            Some(Turn::Work { stop }) => tokio::select! {
                outcome = bounded => outcome,
                () = stop.notified() => {
                    return Err(ErrorData::internal_error("the task was cancelled", None));
                }
            },
            Some(Turn::Request { .. }) | None => bounded.await,
        };
        #[cfg(not(feature = "dynamodb"))]
        let outcome = bounded.await;
        match outcome {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => {
                self.log.error("a tool panicked", &json!({ "tool": name }));
                Ok(tool_error(format!("tool {name} failed unexpectedly")))
            }
            Err(_) => {
                self.log.error(
                    "a tool did not finish before the deadline",
                    &json!({ "tool": name }),
                );
                let text = format!("tool {name} did not finish before the server's deadline");
                #[cfg(feature = "dynamodb")]
                if matches!(turn, Some(Turn::Work { .. })) {
                    // The task has failed, not the tool: nobody was there to hear it in time.
                    return Err(ErrorData::internal_error(text, None));
                }
                Ok(tool_error(text))
            }
        }
    }

    /// Answers with a task where the client knows tasks, and otherwise as ever.
    #[cfg(feature = "dynamodb")]
    async fn call_as_task(
        &self,
        tasks: &Tasks,
        task_use: &TaskUse,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        if !tasks::knows_tasks(&context) {
            return if task_use.is_required() {
                Err(tasks::tasks_required())
            } else {
                self.run_tool(request, context).await
            };
        }
        let call = Call::new(&request, &context);
        let caller = Caller::of(&context.extensions)?.clone();
        if task_use.is_begun_by_tool() {
            let begun = Arc::new(AtomicBool::new(false));
            let mut context = context.clone();
            Turn::Request {
                begun: Arc::clone(&begun),
            }
            .set(&mut context.extensions);
            let outcome = self.run_tool(request.clone(), context).await;
            if !begun.load(Ordering::Relaxed) {
                return outcome;
            }
        }
        match tasks.create(&caller, &call, task_use).await {
            Ok(task) => Ok(CallToolResponse::Task(task)),
            Err(NotCreated::Failed(error)) => Err(error),
            Err(NotCreated::TooLarge) if task_use.is_required() => Err(ErrorData::invalid_params(
                "the arguments are larger than the server's state table takes",
                None,
            )),
            Err(NotCreated::TooLarge) => self.run_tool(request, context).await,
        }
    }

    /// Whether the caller, with this access token, could have called the tool whose task it asks for.
    #[cfg(feature = "dynamodb")]
    fn may_see(&self, tool: &str, caller: &Caller) -> Result<(), ErrorData> {
        match self.policy.judge(tool, caller) {
            Verdict::Allowed => Ok(()),
            Verdict::NeedsScopes(scopes) => Err(ErrorData::invalid_request(
                format!("a task of tool {tool} needs the scope {}", scopes.join(" ")),
                None,
            )),
            Verdict::UnknownTool => Err(ErrorData::invalid_params(
                format!("there is no tool {tool:?} any more"),
                None,
            )),
        }
    }
}

fn tool_error(text: String) -> CallToolResponse {
    CallToolResult::error(vec![ContentBlock::text(text)]).into()
}

/// Takes back the promise to tell a client about changes.
fn withdraw_notifications(capabilities: &mut ServerCapabilities) {
    if let Some(tools) = capabilities.tools.as_mut() {
        tools.list_changed = None;
    }
    if let Some(prompts) = capabilities.prompts.as_mut() {
        prompts.list_changed = None;
    }
    if let Some(resources) = capabilities.resources.as_mut() {
        resources.list_changed = None;
        resources.subscribe = None;
    }
}

/// Passes requests on to the author's server, with nothing but the panic caught.
macro_rules! caught {
    ($($name:ident($params:ty) -> $result:ty = $method:literal;)*) => {
        $(
            async fn $name(
                &self,
                request: $params,
                context: RequestContext<RoleServer>,
            ) -> Result<$result, ErrorData> {
                self.caught($method, async { self.server.$name(request, context).await }).await
            }
        )*
    };
}

impl<S: ServerHandler> ServerHandler for Guarded<S> {
    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let name = request.name.clone();
        // The wall has judged already, so that it could answer 403; here no way around it is left.
        match self.policy.judge(&name, Caller::of(&context.extensions)?) {
            Verdict::Allowed => {}
            Verdict::NeedsScopes(scopes) => {
                return Err(ErrorData::invalid_request(
                    format!("tool {name} needs the scope {}", scopes.join(" ")),
                    None,
                ));
            }
            Verdict::UnknownTool => {
                return Err(ErrorData::invalid_params(
                    format!("there is no tool {name:?}"),
                    None,
                ));
            }
        }
        #[cfg(feature = "dynamodb")]
        if let Some(tasks) = &self.tasks
            && let Some(task_use) = tasks.use_of(&name)
            && Turn::of(&context.extensions).is_none()
        {
            return self.call_as_task(tasks, task_use, request, context).await;
        }
        self.run_tool(request, context).await
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let caller = Caller::of(&context.extensions)?.clone();
        let has_cache_hints = context
            .protocol_version()
            .is_some_and(|version| version.as_str() >= ProtocolVersion::V_2026_07_28.as_str());
        let mut list = self
            .caught("tools/list", async {
                self.server.list_tools(request, context).await
            })
            .await?;
        list.tools
            .retain(|tool| self.policy.judge(&tool.name, &caller) == Verdict::Allowed);
        for tool in &mut list.tools {
            take_access(tool);
        }
        if has_cache_hints && self.policy.depends_on_caller() {
            list.cache_scope = Some(CacheScope::Private);
        }
        Ok(list)
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.server.get_tool(name)
    }

    fn get_info(&self) -> ServerConfig {
        let mut info = self.server.get_info();
        #[cfg(feature = "dynamodb")]
        if self.tasks.is_some() {
            info.capabilities
                .extensions
                .get_or_insert_default()
                .insert(TASKS_EXTENSION_ID.to_owned(), JsonObject::new());
        }
        if !self.streams {
            // A client would wait for notifications that a buffered answer cannot carry.
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

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        let end = Deadline::of(&context.request_context().extensions).for_tool();
        let listening = self.caught("subscriptions/listen", async {
            self.server.listen(context).await
        });
        match end {
            None => listening.await,
            // The revision's graceful end: the client subscribes again.
            Some(end) => tokio::time::timeout_at(end, listening)
                .await
                .unwrap_or(Ok(())),
        }
    }

    fn negotiate_initialize(
        &self,
        request: &InitializeRequestParams,
    ) -> Result<InitializeResult, ErrorData> {
        let mut result = self.server.negotiate_initialize(request)?;
        result.capabilities = self.capabilities_of_older_revisions();
        Ok(result)
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        self.server.supported_protocol_versions()
    }

    async fn ping(&self, context: RequestContext<RoleServer>) -> Result<(), ErrorData> {
        self.caught("ping", async { self.server.ping(context).await })
            .await
    }

    async fn initialize(
        &self,
        request: InitializeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<InitializeResult, ErrorData> {
        let mut result = self
            .caught("initialize", async {
                self.server.initialize(request, context).await
            })
            .await?;
        result.capabilities = self.capabilities_of_older_revisions();
        Ok(result)
    }

    async fn discover(
        &self,
        context: RequestContext<RoleServer>,
    ) -> Result<DiscoverResult, ErrorData> {
        let capabilities = self.get_info().capabilities;
        let mut result = self
            .caught("server/discover", async {
                self.server.discover(context).await
            })
            .await?;
        result.capabilities = capabilities;
        Ok(result)
    }

    async fn on_cancelled(
        &self,
        notification: CancelledNotificationParam,
        context: NotificationContext<RoleServer>,
    ) {
        self.server.on_cancelled(notification, context).await;
    }

    async fn on_progress(
        &self,
        notification: ProgressNotificationParam,
        context: NotificationContext<RoleServer>,
    ) {
        self.server.on_progress(notification, context).await;
    }

    async fn on_initialized(&self, context: NotificationContext<RoleServer>) {
        self.server.on_initialized(context).await;
    }

    async fn on_roots_list_changed(&self, context: NotificationContext<RoleServer>) {
        self.server.on_roots_list_changed(context).await;
    }

    async fn on_custom_notification(
        &self,
        notification: CustomNotification,
        context: NotificationContext<RoleServer>,
    ) {
        self.server
            .on_custom_notification(notification, context)
            .await;
    }

    async fn get_task(
        &self,
        request: GetTaskParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetTaskResult, ErrorData> {
        #[cfg(feature = "dynamodb")]
        if let Some(tasks) = &self.tasks {
            let caller = Caller::of(&context.extensions)?;
            let may_see = |tool: &str| self.may_see(tool, caller);
            let task = tasks.get(caller, &request.task_id, may_see).await;
            return task.map(GetTaskResult::new);
        }
        self.caught("tasks/get", async {
            self.server.get_task(request, context).await
        })
        .await
    }

    async fn update_task(
        &self,
        request: UpdateTaskParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        #[cfg(feature = "dynamodb")]
        if let Some(tasks) = &self.tasks {
            let caller = Caller::of(&context.extensions)?;
            let may_see = |tool: &str| self.may_see(tool, caller);
            return tasks
                .update(caller, &request.task_id, &request.input_responses, may_see)
                .await;
        }
        self.caught("tasks/update", async {
            self.server.update_task(request, context).await
        })
        .await
    }

    async fn cancel_task(
        &self,
        request: CancelTaskParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        #[cfg(feature = "dynamodb")]
        if let Some(tasks) = &self.tasks {
            let caller = Caller::of(&context.extensions)?;
            return tasks.cancel(caller, &request.task_id).await;
        }
        self.caught("tasks/cancel", async {
            self.server.cancel_task(request, context).await
        })
        .await
    }

    caught! {
        complete(CompleteRequestParams) -> CompleteResult = "completion/complete";
        set_level(SetLevelRequestParams) -> () = "logging/setLevel";
        get_prompt(GetPromptRequestParams) -> GetPromptResponse = "prompts/get";
        list_prompts(Option<PaginatedRequestParams>) -> ListPromptsResult = "prompts/list";
        list_resources(Option<PaginatedRequestParams>) -> ListResourcesResult = "resources/list";
        list_resource_templates(Option<PaginatedRequestParams>) -> ListResourceTemplatesResult = "resources/templates/list";
        read_resource(ReadResourceRequestParams) -> ReadResourceResponse = "resources/read";
        subscribe(SubscribeRequestParams) -> () = "resources/subscribe";
        unsubscribe(UnsubscribeRequestParams) -> () = "resources/unsubscribe";
        on_custom_request(CustomRequest) -> CustomResult = "a custom request";
        list_skills(Option<PaginatedRequestParams>) -> ListSkillsResult = "skills/list";
        get_skill(GetSkillRequestParams) -> GetSkillResult = "skills/get";
        read_resource_directory(ReadResourceDirectoryRequestParams) -> ListResourcesResult = "resources/directory/read";
    }
}
