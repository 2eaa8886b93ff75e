//! A server with as many tools as its argument says, and how long their list takes to serialise.
//!
//! - `scale N` serves N tools in plain HTTP mode; the first one is `greet`.
//! - `scale N serialise` prints the median of the microseconds that their list takes to serialise.

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use mcp_lambda::{Process, Server, ToolPolicy};
use rmcp::handler::server::router::tool::{ToolRoute, ToolRouter};
use rmcp::handler::server::tool::ToolCallContext;
use rmcp::model::{CallToolResult, ContentBlock, ListToolsResult, Tool};
use serde_json::json;

/// How often the list is serialised.
const ROUNDS: usize = 200;

fn tool(number: usize) -> Tool {
    let name = match number {
        0 => "greet".to_owned(),
        number => format!("greetInLanguage{number}"),
    };
    let schema = json!({
        "type": "object",
        "properties": {
            "name": { "type": "string", "description": "Whom to greet." },
            "formal": { "type": "boolean", "description": "Whether the greeting is formal." },
            "times": { "type": "integer", "minimum": 1, "maximum": 10, "description": "How often." },
        },
        "required": ["name"],
    });
    let schema = schema.as_object().cloned().unwrap_or_default();
    Tool::new(
        name,
        "Greets somebody in one of many languages.",
        Arc::new(schema),
    )
}

fn router(tools: usize) -> ToolRouter<()> {
    let mut router = ToolRouter::new();
    for number in 0..tools {
        let mut tool = tool(number);
        tool.meta = Some(ToolPolicy::scopes(&["greet"]).meta());
        router.add_route(ToolRoute::new_dyn(tool, |call: ToolCallContext<'_, ()>| {
            Box::pin(async move {
                let arguments = call.arguments.unwrap_or_default();
                let name = arguments.get("name").and_then(|name| name.as_str());
                let text = format!("hello, {}", name.unwrap_or_default());
                Ok(CallToolResult::success(vec![ContentBlock::text(text)]).into())
            })
        }));
    }
    router
}

fn serialise(tools: usize) -> f64 {
    let list = ListToolsResult::with_all_items((0..tools).map(tool).collect());
    let mut times: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let begun = Instant::now();
            let bytes = serde_json::to_vec(&list).map_or(0, |bytes| bytes.len());
            std::hint::black_box(bytes);
            begun.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[ROUNDS / 2]
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is where the environment enters"
)]
fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let tools = arguments.next().and_then(|tools| tools.parse().ok());
    let Some(tools) = tools else {
        let _ = writeln!(std::io::stderr(), "the number of tools is missing");
        return ExitCode::FAILURE;
    };
    if arguments.next().is_some() {
        let _ = writeln!(std::io::stdout(), "{}", serialise(tools));
        return ExitCode::SUCCESS;
    }
    let program = std::env::args_os().take(1);
    let process = Process::new(program, std::env::vars_os(), SystemTime::now);
    let server = Server::new("greeter", "1.0.0")
        .scope("greet", "Be greeted")
        .router(router(tools));
    mcp_lambda::run(process, server.definition())
}
