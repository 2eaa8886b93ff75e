//! The benchmark's tools on turul-mcp-aws-lambda, as its documentation shows: one JSON answer for each request, or, with
//! the argument `streamed`, answers as they come.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lambda_http::{Error, Request, run, service_fn};
use turul_mcp_aws_lambda::{LambdaMcpServerBuilder, run_streaming};
use turul_mcp_derive::McpTool;
use turul_mcp_server::{McpResult, SessionContext};

#[derive(McpTool, Clone, Default)]
#[tool(name = "greet", description = "Greets somebody.", output = String)]
struct Greet {
    #[param(description = "Whom to greet.")]
    name: String,
}

impl Greet {
    async fn execute(&self, _session: Option<SessionContext>) -> McpResult<String> {
        Ok(format!("hello, {}", self.name))
    }
}

#[derive(McpTool, Clone, Default)]
#[tool(name = "report", description = "Reports its progress once.", output = String)]
struct Report {
    #[param(description = "How long to go on after the report.")]
    milliseconds: u64,
}

impl Report {
    async fn execute(&self, session: Option<SessionContext>) -> McpResult<String> {
        if let Some(session) = session {
            let now = SystemTime::now().duration_since(UNIX_EPOCH);
            let now = now.unwrap_or_default().as_nanos().to_string();
            session
                .notify_request_progress_with_message(1.0, None, now)
                .await;
        }
        tokio::time::sleep(Duration::from_millis(self.milliseconds)).await;
        Ok("done".to_owned())
    }
}

fn main() -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let streamed = std::env::args().nth(1).is_some_and(|form| form == "streamed");
    runtime.block_on(async move {
        let server = LambdaMcpServerBuilder::new()
            .name("greeter")
            .version("1.0.0")
            .tool(Greet::default())
            .tool(Report::default())
            .sse(streamed)
            .build()
            .await?;
        let handler = server.handler().await?;
        if streamed {
            return run_streaming(handler).await;
        }
        run(service_fn(move |request: Request| {
            let handler = handler.clone();
            async move { handler.handle(request).await.map_err(Error::from) }
        }))
        .await
    })
}
