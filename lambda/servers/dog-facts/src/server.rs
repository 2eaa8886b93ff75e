use std::sync::LazyLock;
use std::time::Duration;

use mcp_lambda::{Deadline, Definition, ToolPolicy};
use rmcp::handler::server::router::tool::ToolRouter;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{
    CallToolResult, ContentBlock, Implementation, ProgressNotificationParam, ServerCapabilities,
    ServerConfig,
};
use rmcp::service::RequestContext;
use rmcp::{RoleServer, ServerHandler, schemars, tool, tool_handler, tool_router};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::dog_api::{DogApi, DogApiSettings};

/// Name of the scope that the tool needs.
const SCOPE: &str = "dog-facts";

/// The MCP server.
#[derive(Debug)]
pub struct DogFacts {
    dog_api: DogApi,
}

/// Arguments of `getDogFacts`.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
struct GetDogFacts {
    /// How many facts to return, 1 to 10.
    #[serde(default = "default_limit")]
    #[schemars(range(min = 1, max = 10))]
    limit: i64,
}

fn default_limit() -> i64 {
    5
}

/// How far a call is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Facts in hand.
    pub facts: u8,
    /// Facts that were asked for.
    pub of: u8,
    /// What has just happened or begun.
    pub message: String,
}

/// Whoever hears of the progress of a call.
pub trait Audience: Sync {
    /// Tells them.
    fn hear(&self, progress: Progress) -> impl Future<Output = ()> + Send;
}

impl Audience for RequestContext<RoleServer> {
    /// Notifies a client that sent a progress token. That the client has gone is for the end of the call to find out.
    async fn hear(&self, progress: Progress) {
        let Some(token) = self.meta.get_progress_token() else {
            return;
        };
        let notification = ProgressNotificationParam::new(token, f64::from(progress.facts))
            .with_total(f64::from(progress.of))
            .with_message(progress.message);
        let _ = self.peer.notify_progress(notification).await;
    }
}

/// Result of `getDogFacts`.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct Facts {
    /// The facts, one sentence or two each.
    facts: Vec<String>,
}

#[tool_router]
impl DogFacts {
    /// Returns random facts about dogs. Fewer facts than asked for are possible.
    #[tool(
        name = "getDogFacts",
        title = "Get dog facts",
        output_schema = rmcp::handler::server::tool::schema_for_type::<Facts>(),
        annotations(read_only_hint = true, open_world_hint = true),
        meta = ToolPolicy::scopes(&[SCOPE]).meta()
    )]
    async fn get_dog_facts(
        &self,
        deadline: Deadline,
        context: RequestContext<RoleServer>,
        Parameters(GetDogFacts { limit }): Parameters<GetDogFacts>,
    ) -> CallToolResult {
        self.answer(limit, deadline.remaining(), &context).await
    }
}

impl DogFacts {
    /// A server that asks this Dog API.
    #[must_use]
    pub fn new(dog_api: DogApi) -> Self {
        Self { dog_api }
    }

    /// The result of `getDogFacts`: at most `limit` facts as text and as structured content, within `time_left`.
    ///
    /// `audience` hears of the progress twice: before the Dog API is asked, and when it has answered with facts.
    ///
    /// Everything that goes wrong is a tool error (`isError`), which a model can read, never a protocol error.
    pub async fn answer(
        &self,
        limit: i64,
        time_left: Option<Duration>,
        audience: &impl Audience,
    ) -> CallToolResult {
        let Some(count) = u8::try_from(limit)
            .ok()
            .filter(|count| (1..=10).contains(count))
        else {
            return tool_error(format!(
                "limit must be a whole number from 1 to 10, got {limit}"
            ));
        };
        let progress = |facts, message| Progress {
            facts,
            of: count,
            message,
        };
        audience
            .hear(progress(0, "asking the Dog API".to_owned()))
            .await;
        match self.dog_api.facts(count, time_left).await {
            Ok(facts) => {
                // Never more than were asked for.
                let sent = u8::try_from(facts.len()).unwrap_or(count);
                let message = format!("the Dog API sent {sent} of {count} facts");
                audience.hear(progress(sent, message)).await;
                let lines: Vec<String> = facts.iter().map(|fact| format!("- {fact}")).collect();
                let mut result = CallToolResult::structured(json!(Facts { facts }));
                result.content = vec![ContentBlock::text(lines.join("\n"))];
                result
            }
            Err(error) => tool_error(error.to_string()),
        }
    }
}

fn tool_error(text: String) -> CallToolResult {
    CallToolResult::error(vec![ContentBlock::text(text)])
}

/// Built once: rmcp builds it anew for each request where nothing else is named.
static TOOLS: LazyLock<ToolRouter<DogFacts>> = LazyLock::new(DogFacts::tool_router);

#[tool_handler(router = TOOLS)]
impl ServerHandler for DogFacts {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(
                Implementation::new("dog-facts", env!("CARGO_PKG_VERSION")).with_title("Dog facts"),
            )
            .with_instructions("Facts about dogs from the Dog API.")
    }
}

/// Who the server is, what it needs, and how it is built.
#[must_use]
pub fn definition() -> Definition<DogFacts, DogApiSettings> {
    Definition::new(
        "dog-facts",
        env!("CARGO_PKG_VERSION"),
        TOOLS.list_all(),
        |settings: DogApiSettings, _| Ok(DogFacts::new(DogApi::new(settings))),
    )
    .title("Dog facts")
    .description("Facts about dogs, from the Dog API.")
    .scope(SCOPE, "Read facts about dogs")
}
