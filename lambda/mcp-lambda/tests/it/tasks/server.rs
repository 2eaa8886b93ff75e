//! Tools that run as tasks, written as any other tool.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use mcp_lambda::{Caller, Definition, TaskStart, ToolPolicy};
use rmcp::handler::server::tool::ToolCallContext;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{
    CallToolResponse, CallToolResult, ContentBlock, ElicitRequest, ElicitRequestParams,
    InputRequest, InputRequests, InputRequiredResult, InputResponses, ProgressNotificationParam,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler, schemars, tool, tool_handler, tool_router};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Semaphore;

/// Lets `reports` finish.
pub(crate) static REPORT_SEEN: Semaphore = Semaphore::const_new(0);
/// Has a permit when `rests` has begun.
pub(crate) static RESTING: Semaphore = Semaphore::const_new(0);
/// Whether `rests` was dropped.
pub(crate) static WOKEN: AtomicBool = AtomicBool::new(false);

/// How often a tool ran with this id.
pub(crate) fn runs(id: &str) -> usize {
    counters()
        .lock()
        .unwrap()
        .get(id)
        .copied()
        .unwrap_or_default()
}

fn counters() -> &'static Mutex<HashMap<String, usize>> {
    static RUNS: OnceLock<Mutex<HashMap<String, usize>>> = OnceLock::new();
    RUNS.get_or_init(Mutex::default)
}

fn count(id: &str) {
    *counters().lock().unwrap().entry(id.to_owned()).or_default() += 1;
}

pub(crate) struct TaskServer;

#[derive(Deserialize, schemars::JsonSchema)]
struct Work {
    id: String,
}

struct Sleeper;

impl Drop for Sleeper {
    fn drop(&mut self) {
        WOKEN.store(true, Ordering::SeqCst);
    }
}

/// What a client brings along in a later round.
struct Round(InputResponses, Option<String>);

impl rmcp::handler::server::common::FromContextPart<ToolCallContext<'_, TaskServer>> for Round {
    fn from_context_part(context: &mut ToolCallContext<'_, TaskServer>) -> Result<Self, ErrorData> {
        let answers = context.input_responses.take().unwrap_or_default();
        Ok(Self(answers, context.request_state.take()))
    }
}

impl Round {
    fn name(&self) -> Option<&str> {
        self.0.get("name")?["content"]["name"].as_str()
    }
}

#[tool_router(vis = "pub(crate)")]
impl TaskServer {
    #[tool(description = "Works", meta = ToolPolicy::scopes(&["tools"]).as_task().meta())]
    async fn work(&self, Parameters(Work { id }): Parameters<Work>, caller: Caller) -> String {
        count(&id);
        format!("{} has {id}", caller.subject())
    }

    #[tool(description = "Works for clients that know tasks", meta = ToolPolicy::scopes(&["tools"]).only_as_task().meta())]
    async fn only(&self) -> String {
        "worked".to_owned()
    }

    #[tool(description = "Asks for a name twice", meta = ToolPolicy::scopes(&["tools"]).as_task().meta())]
    async fn asks(
        &self,
        Parameters(Work { id }): Parameters<Work>,
        round: Round,
    ) -> CallToolResponse {
        count(&id);
        match (round.1.clone(), round.name()) {
            (Some(first), Some(second)) => text(&format!("{first} and {second}")),
            (None, Some(first)) => asks(&["name"], Some(first)),
            (_, None) => asks(&["name", "reason"], None),
        }
    }

    #[tool(description = "Asks to run again, for ever", meta = ToolPolicy::scopes(&["tools"]).as_task().meta())]
    async fn circles(&self, round: Round) -> CallToolResponse {
        count("circles");
        asks(&[], Some(&format!("{}.", round.1.unwrap_or_default())))
    }

    #[tool(description = "Sleeps for ten minutes", meta = ToolPolicy::scopes(&["tools"]).as_task().meta())]
    async fn rests(&self) -> String {
        let _sleeper = Sleeper;
        RESTING.add_permits(1);
        tokio::time::sleep(Duration::from_secs(600)).await;
        "rested".to_owned()
    }

    #[tool(description = "Checks, then works", meta = ToolPolicy::scopes(&["tools"]).as_task_begun_by_tool().meta())]
    async fn begins(
        &self,
        Parameters(Work { id }): Parameters<Work>,
        start: TaskStart,
    ) -> Result<String, ErrorData> {
        if id.is_empty() {
            return Err(ErrorData::invalid_params("the id is empty", None));
        }
        start.begin()?;
        count(&id);
        Ok("begun".to_owned())
    }

    #[tool(description = "Reports progress", meta = ToolPolicy::scopes(&["tools"]).as_task().meta())]
    async fn reports(&self, context: RequestContext<RoleServer>) -> Result<String, ErrorData> {
        let token = context
            .meta
            .get_progress_token()
            .ok_or(ErrorData::invalid_params("no progress token", None))?;
        let progress = ProgressNotificationParam::new(token, 1.0)
            .with_total(2.0)
            .with_message("fetching");
        let _ = context.peer.notify_progress(progress).await;
        let _permit = REPORT_SEEN.acquire().await;
        Ok("reported".to_owned())
    }

    #[tool(description = "Breaks the protocol", meta = ToolPolicy::scopes(&["tools"]).as_task().meta())]
    async fn errs(&self) -> Result<String, ErrorData> {
        Err(ErrorData::invalid_params("no such dog", None))
    }

    #[tool(description = "Panics", meta = ToolPolicy::scopes(&["tools"]).as_task().meta())]
    async fn panics(&self) -> String {
        panic!("the dog ate it")
    }

    #[tool(description = "Says more than a table takes", meta = ToolPolicy::scopes(&["tools"]).as_task().meta())]
    async fn large(&self) -> String {
        "x".repeat(400 * 1024)
    }

    #[tool(description = "Is for administrators", meta = ToolPolicy::scopes(&["tools", "admin"]).as_task().meta())]
    async fn administers(&self) -> String {
        "administered".to_owned()
    }
}

fn text(text: &str) -> CallToolResponse {
    CallToolResult::success(vec![ContentBlock::text(text)]).into()
}

fn asks(keys: &[&str], state: Option<&str>) -> CallToolResponse {
    let schema = json!({ "type": "object", "properties": { "name": { "type": "string" } } });
    let question = || {
        InputRequest::Elicitation(ElicitRequest::new(
            ElicitRequestParams::FormElicitationParams {
                meta: None,
                message: "Who?".to_owned(),
                requested_schema: serde_json::from_value(schema.clone()).unwrap(),
            },
        ))
    };
    let requests: InputRequests = keys
        .iter()
        .map(|key| ((*key).to_owned(), question()))
        .collect();
    InputRequiredResult::new(Some(requests), state.map(str::to_owned)).into()
}

#[tool_handler]
impl ServerHandler for TaskServer {}

pub(crate) fn definition() -> Definition<TaskServer> {
    Definition::new(
        "task-server",
        "1.0.0",
        TaskServer::tool_router().list_all(),
        |(), _| Ok(TaskServer),
    )
    .scope("tools", "Use the tools")
    .scope("profile", "Know who calls")
    .scope("admin", "Administer")
}
