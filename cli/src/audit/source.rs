//! Reads the lines of an audit trail from CloudWatch Logs.

use aws_sdk_cloudwatchlogs::Client;
use mcp_lambda_contract::AUDIT_LOG_ID;

use crate::logs::LogsError;

/// Why the lines cannot be read.
pub type SourceError = LogsError;

/// Whether a log group of a stack has an audit trail, by the name that `McpAudit` gives it: the hash of CloudFormation's
/// logical id follows, in eight hexadecimal digits.
#[must_use]
pub fn is_trail(group: &str) -> bool {
    group.split(AUDIT_LOG_ID).skip(1).any(|rest| {
        let hash = rest.get(..8).unwrap_or_default();
        hash.len() == 8
            && hash
                .chars()
                .all(|digit| matches!(digit, '0'..='9' | 'A'..='F'))
    })
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

#[cfg(test)]
mod tests {
    use super::is_trail;

    #[test]
    fn a_trail_is_the_log_group_and_not_the_log_of_a_function_with_a_similar_name() {
        assert!(is_trail("Shop-ServerAuditLog1469053E-a1"));
        assert!(!is_trail("Shop-ServerFunctionLog04964BC3-x9"));
        assert!(!is_trail("Shop-AuditLoggerFunctionLog04964BC3-x9"));
    }
}
