use std::time::Duration;

use mcp_lambda::{TaskStart, ToolPolicy};
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{CallToolResponse, CallToolResult, ContentBlock};
use rmcp::{ErrorData, tool, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::input_required::{Round, ask_form, ask_name, asks, content_text};
use crate::server::{Conformance, SCOPE};

/// Longest computation that can be asked for.
const LONGEST_SECONDS: f64 = 60.0;

#[derive(Deserialize, JsonSchema)]
struct Person {
    name: String,
}

#[derive(Deserialize, JsonSchema)]
struct Computation {
    #[serde(default)]
    seconds: f64,
    #[serde(default)]
    label: String,
}

#[derive(Deserialize, JsonSchema)]
struct Deletion {
    #[serde(default)]
    filename: String,
}

fn access() -> ToolPolicy {
    ToolPolicy::scopes(&[SCOPE])
}

/// Tools that become tasks for clients that know tasks. Those that ask during the work cannot do without.
#[tool_router(router = task_tools, vis = "pub(crate)")]
impl Conformance {
    #[tool(description = "Greets, at once")]
    fn greet(&self, Parameters(person): Parameters<Person>) -> String {
        format!("Hello, {}!", person.name)
    }

    #[tool(
        description = "Computes for some seconds",
        meta = access().as_task_begun_by_tool().meta()
    )]
    async fn slow_compute(
        &self,
        Parameters(Computation { seconds, label }): Parameters<Computation>,
        task: TaskStart,
    ) -> Result<String, ErrorData> {
        if !(0.0..=LONGEST_SECONDS).contains(&seconds) {
            let problem = format!("seconds must be from 0 to {LONGEST_SECONDS}, got {seconds}");
            return Err(ErrorData::invalid_params(problem, None));
        }
        task.begin()?;
        tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
        Ok(format!("{label}: computed for {seconds} s"))
    }

    #[tool(
        description = "Breaks with an error of the protocol",
        meta = access().as_task().meta()
    )]
    fn protocol_error_job(&self) -> Result<String, ErrorData> {
        Err(ErrorData::internal_error(
            "the job broke, as it always does",
            None,
        ))
    }

    #[tool(
        description = "Fails with a tool's error; as a task only",
        meta = access().only_as_task().meta()
    )]
    async fn failing_job(&self) -> CallToolResult {
        tokio::time::sleep(Duration::from_secs(1)).await;
        CallToolResult::error(vec![ContentBlock::text(
            "the job failed, as it always does",
        )])
    }

    #[tool(
        description = "Deletes nothing, after asking; as a task only",
        meta = access().only_as_task().meta()
    )]
    fn confirm_delete(
        &self,
        Parameters(Deletion { filename }): Parameters<Deletion>,
        round: Round,
    ) -> Result<CallToolResponse, ErrorData> {
        let Some(answer) = round.answer("confirm") else {
            let fields = json!({ "confirm": { "type": "boolean" } });
            let question = ask_form(&format!("Delete {filename}?"), fields, json!(["confirm"]))?;
            return Ok(asks([("confirm", question)]));
        };
        let confirmed = answer
            .get("content")
            .and_then(|content| content.get("confirm"));
        let done = if confirmed == Some(&Value::Bool(true)) {
            "deleted"
        } else {
            "kept"
        };
        Ok(text(format!("{filename} {done}")))
    }

    #[tool(
        description = "Asks for two values at once; as a task only",
        meta = access().only_as_task().meta()
    )]
    fn multi_input(&self, round: Round) -> Result<CallToolResponse, ErrorData> {
        let value = |message: &str| {
            ask_form(
                message,
                json!({ "name": { "type": "string" } }),
                json!(["name"]),
            )
        };
        match (round.answer("first"), round.answer("second")) {
            (Some(first), Some(second)) => Ok(text(format!(
                "{} and {}",
                content_text(first, "name"),
                content_text(second, "name")
            ))),
            (_, _) => Ok(asks([
                ("first", value("The first value")?),
                ("second", value("The second value")?),
            ])),
        }
    }

    #[tool(
        description = "Asks for a name in a first round, then greets; as a task only",
        meta = access().only_as_task().as_task_begun_by_tool().meta()
    )]
    fn test_tool_with_task(
        &self,
        round: Round,
        task: TaskStart,
    ) -> Result<CallToolResponse, ErrorData> {
        let Some(name) = round.answer("user_name") else {
            return Ok(asks([("user_name", ask_name()?)]));
        };
        task.begin()?;
        Ok(text(format!("Hello, {}!", content_text(name, "name"))))
    }
}

fn text(text: String) -> CallToolResponse {
    CallToolResult::success(vec![ContentBlock::text(text)]).into()
}
