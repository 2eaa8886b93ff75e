//! Reads the lines of an audit trail from CloudWatch Logs.

use aws_sdk_cloudwatchlogs::Client;
use mcp_lambda_contract::AUDIT_LOG_ID;

use crate::logs::LogsError;

/// Why the lines cannot be read.
pub type SourceError = LogsError;

/// Whether a log group of a stack has an audit trail, by the name that `McpAudit` gives it.
#[must_use]
pub fn is_trail(group: &str) -> bool {
    group.contains(AUDIT_LOG_ID)
}

/// The messages of all events of a log group from a time on, in milliseconds since 1970.
///
/// # Errors
///
/// [`SourceError`].
pub async fn read_group(
    client: &Client,
    group: &str,
    from: Option<i64>,
) -> Result<Vec<String>, SourceError> {
    let mut lines = Vec::new();
    let mut pages = client
        .filter_log_events()
        .log_group_name(group)
        .set_start_time(from)
        .into_paginator()
        .send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(LogsError::of("reading the audit trail"))?;
        let events = page.events.unwrap_or_default();
        lines.extend(events.into_iter().filter_map(|event| event.message));
    }
    Ok(lines)
}
