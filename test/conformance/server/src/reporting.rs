#![expect(
    deprecated,
    reason = "log messages are deprecated in 2026-07-28, and still part of what the suite requires"
)]

use std::time::Duration;

use mcp_lambda::ResponseStream;
use rmcp::model::{LoggingLevel, LoggingMessageNotificationParam, ProgressNotificationParam};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, tool, tool_router};
use serde_json::json;

use crate::server::Conformance;

const PAUSE: Duration = Duration::from_millis(50);

/// Tools that report to the client while they run.
#[tool_router(router = reporting_tools, vis = "pub(crate)")]
impl Conformance {
    #[tool(description = "Reports progress three times")]
    async fn test_tool_with_progress(
        &self,
        context: RequestContext<RoleServer>,
    ) -> Result<String, ErrorData> {
        let wanted = context.meta.get_progress_token();
        for percent in [0.0, 50.0, 100.0] {
            if let Some(progress_token) = &wanted {
                let progress = ProgressNotificationParam::new(progress_token.clone(), percent)
                    .with_total(100.0);
                context
                    .peer
                    .notify_progress(progress)
                    .await
                    .map_err(not_delivered)?;
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok("Progress reported".to_owned())
    }

    #[tool(description = "Sends three log messages")]
    async fn test_tool_with_logging(
        &self,
        context: RequestContext<RoleServer>,
    ) -> Result<String, ErrorData> {
        for message in [
            "Tool execution started",
            "Tool processing data",
            "Tool execution completed",
        ] {
            log(&context, LoggingLevel::Info, message).await?;
            tokio::time::sleep(PAUSE).await;
        }
        Ok("Log messages sent".to_owned())
    }

    #[tool(description = "Sends a log message if the request asks for log messages (2026-07-28)")]
    async fn test_logging_tool(
        &self,
        context: RequestContext<RoleServer>,
    ) -> Result<String, ErrorData> {
        if let Some(level) = context.meta.log_level() {
            log(&context, level, "the request asked for log messages").await?;
        }
        Ok("Done".to_owned())
    }

    #[tool(description = "Sends its client away, and is done a moment later")]
    async fn test_reconnection(&self, stream: ResponseStream) -> String {
        stream.close();
        tokio::time::sleep(2 * PAUSE).await;
        "Reconnection test completed".to_owned()
    }
}

async fn log(
    context: &RequestContext<RoleServer>,
    level: LoggingLevel,
    message: &str,
) -> Result<(), ErrorData> {
    let message = LoggingMessageNotificationParam::new(level, json!(message))
        .with_logger(env!("CARGO_PKG_NAME"));
    context
        .peer
        .notify_logging_message(message)
        .await
        .map_err(not_delivered)
}

fn not_delivered(error: rmcp::ServiceError) -> ErrorData {
    ErrorData::internal_error(format!("the client could not be notified: {error}"), None)
}
