use std::collections::BTreeMap;
use std::time::Duration;

use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{
    CallToolResponse, CallToolResult, ClientCapabilities, ContentBlock, CreateTaskResult,
    InputRequests,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, tool, tool_router};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::input_required::{Round, ask_form, ask_name, asks, content_text, requests};
use crate::server::Conformance;

/// Longest computation that can be asked for.
const LONGEST_SECONDS: f64 = 60.0;

/// What comes of a job: a tool's result (which may be a tool's error), or an error of the protocol.
pub(crate) type Outcome = Result<CallToolResult, ErrorData>;

/// What a task does. All of these only wait, so what comes of one is known as soon as its questions are answered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Job {
    Compute { seconds: f64, label: String },
    Fail,
    Break,
    ConfirmDelete { filename: String },
    TwoInputs,
    Greet { name: String },
}

impl Job {
    /// How long the work takes once every question is answered.
    pub(crate) fn milliseconds(&self) -> u64 {
        match self {
            Self::Compute { seconds, .. } => {
                let time = Duration::try_from_secs_f64(*seconds).unwrap_or_default();
                u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
            }
            Self::Fail => 1000,
            Self::Break | Self::Greet { .. } => 200,
            Self::ConfirmDelete { .. } | Self::TwoInputs => 0,
        }
    }

    /// What the client is asked before the work begins.
    pub(crate) fn questions(&self) -> Result<InputRequests, ErrorData> {
        let value = |name: &str| {
            ask_form(
                name,
                json!({ "name": { "type": "string" } }),
                json!(["name"]),
            )
        };
        Ok(match self {
            Self::Compute { .. } | Self::Fail | Self::Break | Self::Greet { .. } => {
                InputRequests::new()
            }
            Self::ConfirmDelete { filename } => {
                let fields = json!({ "confirm": { "type": "boolean" } });
                requests([(
                    "confirm",
                    ask_form(&format!("Delete {filename}?"), fields, json!(["confirm"]))?,
                )])
            }
            Self::TwoInputs => requests([
                ("first", value("The first value")?),
                ("second", value("The second value")?),
            ]),
        })
    }

    pub(crate) fn outcome(&self, answers: &BTreeMap<String, Value>) -> Outcome {
        let field = |key: &str, name: &str| {
            let answer = answers
                .get(key)
                .and_then(|answer| answer.get("content")?.get(name));
            answer.cloned().unwrap_or_default()
        };
        Ok(match self {
            Self::Compute { seconds, label } => text(format!("{label}: computed for {seconds} s")),
            Self::Fail => CallToolResult::error(vec![ContentBlock::text(
                "the job failed, as it always does",
            )]),
            Self::Break => {
                return Err(ErrorData::internal_error(
                    "the job broke, as it always does",
                    None,
                ));
            }
            Self::ConfirmDelete { filename } => {
                let confirmed = field("confirm", "confirm") == Value::Bool(true);
                text(format!(
                    "{filename} {}",
                    if confirmed { "deleted" } else { "kept" }
                ))
            }
            Self::TwoInputs => text(format!(
                "{} and {}",
                field("first", "name"),
                field("second", "name")
            )),
            Self::Greet { name } => text(format!("Hello, {name}!")),
        })
    }
}

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

/// Tools that become tasks for clients that know tasks. Those that ask during the work cannot do without.
#[tool_router(router = task_tools, vis = "pub(crate)")]
impl Conformance {
    #[tool(description = "Greets, at once")]
    fn greet(&self, Parameters(person): Parameters<Person>) -> String {
        format!("Hello, {}!", person.name)
    }

    #[tool(description = "Computes for some seconds")]
    async fn slow_compute(
        &self,
        Parameters(Computation { seconds, label }): Parameters<Computation>,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        if !(0.0..=LONGEST_SECONDS).contains(&seconds) {
            let problem = format!("seconds must be from 0 to {LONGEST_SECONDS}, got {seconds}");
            return Err(ErrorData::invalid_params(problem, None));
        }
        self.run(Job::Compute { seconds, label }, &context).await
    }

    #[tool(description = "Breaks with an error of the protocol")]
    async fn protocol_error_job(
        &self,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        self.run(Job::Break, &context).await
    }

    #[tool(description = "Fails with a tool's error; as a task only")]
    fn failing_job(
        &self,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        self.run_as_task(Job::Fail, &context)
    }

    #[tool(description = "Deletes nothing, after asking; as a task only")]
    fn confirm_delete(
        &self,
        Parameters(Deletion { filename }): Parameters<Deletion>,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        self.run_as_task(Job::ConfirmDelete { filename }, &context)
    }

    #[tool(description = "Asks for two values at once; as a task only")]
    fn multi_input(
        &self,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        self.run_as_task(Job::TwoInputs, &context)
    }

    #[tool(description = "Asks for a name in a first round, then greets; as a task only")]
    fn test_tool_with_task(
        &self,
        round: Round,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        require_tasks(&context)?;
        match round.answer("user_name") {
            Some(name) => self.run_as_task(
                Job::Greet {
                    name: content_text(name, "name").to_owned(),
                },
                &context,
            ),
            None => Ok(asks([("user_name", ask_name()?)])),
        }
    }

    async fn run(
        &self,
        job: Job,
        context: &RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        if require_tasks(context).is_ok() {
            return self.run_as_task(job, context);
        }
        tokio::time::sleep(Duration::from_millis(job.milliseconds())).await;
        job.outcome(&BTreeMap::new()).map(CallToolResponse::from)
    }

    fn run_as_task(
        &self,
        job: Job,
        context: &RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        require_tasks(context)?;
        Ok(CallToolResponse::Task(CreateTaskResult::new(
            self.tasks.create(job)?,
        )))
    }
}

fn require_tasks(context: &RequestContext<RoleServer>) -> Result<(), ErrorData> {
    match context.client_capabilities() {
        Some(capabilities) if capabilities.supports_tasks() => Ok(()),
        _ => {
            let needed = ClientCapabilities::builder().enable_tasks().build();
            Err(ErrorData::missing_required_client_capability(needed))
        }
    }
}

fn text(text: String) -> CallToolResult {
    CallToolResult::success(vec![ContentBlock::text(text)])
}
