//! Calls a tool for an MCP App: one of the same server that MCP Apps may call, and after the person's approval unless it only reads.

use mcp_lambda_agent::mcp::{McpClient, ToolUi};
use mcp_lambda_runtime::deadline::Deadline;
use rmcp::model::{CallToolRequestParams, Tool};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::connection::patience;
use crate::access::Visitor;
use crate::conversations::AppOfCall;
use crate::person::Person;
use crate::playground::Playground;
use crate::problem::Problem;
use crate::store::Key;

/// The most calls of the MCP Apps of one person in a minute.
const MOST_CALLS: u64 = 60;
const MINUTE: u64 = 60;

/// What an MCP App asks for, as the page passes it on.
#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    /// The tool's name on the server.
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) arguments: Map<String, Value>,
    /// The person approved this call.
    #[serde(default)]
    pub(crate) approved: bool,
}

/// What becomes of it.
#[derive(Debug, PartialEq)]
pub(crate) enum Called {
    /// The result of the tool.
    Result(Value),
    /// The person decides first.
    Approval {
        /// What people read.
        tool: String,
        /// The arguments, indented.
        arguments: String,
    },
    /// A refusal, or a failure of the server.
    Refused(String),
}

impl Playground {
    /// Calls a tool for an MCP App. What the person approved for the model is not approved for apps, which call without being asked.
    pub(crate) async fn call_for_app(
        &self,
        visitor: &Visitor,
        app: &AppOfCall,
        asked: Asked,
        deadline: Deadline,
    ) -> Result<Called, Problem> {
        let calling = async {
            let client = match self.client_of_app(visitor, &app.server).await? {
                Ok(client) => client,
                Err(unreached) => return Ok(Called::Refused(unreached.to_string())),
            };
            let tool = tool(&client, &asked.name).await;
            if let Ok(tool) = &tool
                && !(asked.approved || only_reads(tool))
            {
                return Ok(Called::Approval {
                    tool: tool.title.clone().unwrap_or_else(|| tool.name.to_string()),
                    arguments: serde_json::to_string_pretty(&asked.arguments).unwrap_or_default(),
                });
            }
            // A call that waits counts when it is approved, and one that is refused counts too.
            self.count_call(&visitor.person).await?;
            if let Err(words) = tool {
                return Ok(Called::Refused(words));
            }
            let fields = json!({ "server": app.server, "app": app.uri, "tool": asked.name });
            self.process.log.info("an MCP App calls a tool", &fields);
            let params = CallToolRequestParams::new(asked.name).with_arguments(asked.arguments);
            Ok::<_, Problem>(match client.peer().call_tool(params).await {
                Ok(result) => Called::Result(json!(result)),
                Err(error) => Called::Refused(format!("the server refused the call: {error}")),
            })
        };
        let called = tokio::time::timeout(patience(deadline), calling).await;
        called.unwrap_or_else(|_| {
            Ok(Called::Refused(
                "the tool did not respond in time; it may have run".to_owned(),
            ))
        })
    }

    async fn count_call(&self, person: &Person) -> Result<(), Problem> {
        let now = self.seconds();
        let minute = now / MINUTE;
        let key = Key::new(person.partition(), format!("app-calls#{minute}"));
        let expires = (minute + 2) * MINUTE;
        if self.table()?.count(key, 1, MOST_CALLS, expires).await? {
            return Ok(());
        }
        Err(Problem::Throttled {
            words: format!(
                "the apps of your conversations called {MOST_CALLS} tools in one minute, which is the limit"
            ),
            retry_after: (minute + 1) * MINUTE - now,
        })
    }
}

fn only_reads(tool: &Tool) -> bool {
    let hints = tool.annotations.as_ref();
    hints.and_then(|hints| hints.read_only_hint) == Some(true)
}

/// The tool of this name that MCP Apps may call; in words why there is none.
async fn tool(client: &McpClient, name: &str) -> Result<Tool, String> {
    let tools = client.peer().list_all_tools().await;
    let tools = tools.map_err(|error| format!("the server does not list its tools: {error}"))?;
    let tool = tools.into_iter().find(|tool| tool.name == name);
    let tool = tool.ok_or_else(|| format!("the server of this app has no tool {name:?}"))?;
    if ToolUi::of(&tool).for_apps {
        Ok(tool)
    } else {
        Err(format!("the tool {name:?} is not for apps"))
    }
}
