use mcp_lambda::rmcp::model::{CallToolResult, ContentBlock};
use mcp_lambda::rmcp::schemars;
use mcp_lambda::{Deadline, Progress, Server, tool};
use serde::Serialize;
use serde_json::json;

use crate::dog_api::{DogApi, DogApiSettings};

/// Name of the scope that the tool needs.
const SCOPE: &str = "dog-facts";

/// Result of `getDogFacts`.
#[derive(Serialize, schemars::JsonSchema)]
struct Facts {
    /// The facts, one sentence or two each.
    facts: Vec<String>,
}

/// Returns random facts about dogs. Fewer facts than asked for are possible.
#[tool(
    name = "getDogFacts",
    title = "Get dog facts",
    scope = SCOPE,
    output = Facts,
    read_only,
    open_world
)]
async fn get_dog_facts(
    dog_api: &DogApi,
    /// How many facts to return, 1 to 10.
    #[arg(default = 5, range(min = 1, max = 10))]
    limit: u8,
    deadline: Deadline,
    progress: Progress,
) -> Result<CallToolResult, String> {
    progress.report(0, limit, "asking the Dog API").await;
    let facts = dog_api.facts(limit, deadline).await;
    let facts = facts.map_err(|error| error.to_string())?;
    // Never more than were asked for.
    let sent = u8::try_from(facts.len()).unwrap_or(limit);
    let message = format!("the Dog API sent {sent} of {limit} facts");
    progress.report(sent, limit, message).await;
    let lines: Vec<String> = facts.iter().map(|fact| format!("- {fact}")).collect();
    let mut result = CallToolResult::structured(json!(Facts { facts }));
    result.content = vec![ContentBlock::text(lines.join("\n"))];
    Ok(result)
}

/// The server: who it is, what it needs, its tool.
pub fn server() -> Server<DogApi, DogApiSettings> {
    Server::with_app("dog-facts", env!("CARGO_PKG_VERSION"), |settings, _| {
        Ok(DogApi::new(settings))
    })
    .title("Dog facts")
    .description("Facts about dogs, from the Dog API.")
    .instructions("Facts about dogs from the Dog API.")
    .scope(SCOPE, "Read facts about dogs")
    .tool(get_dog_facts)
}
