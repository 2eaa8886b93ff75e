//! What an operator sees: log groups, log lines, cold starts.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_sdk_cloudwatchlogs::error::DisplayErrorContext;
use serde_json::{Value, json};

use crate::live::findings::Findings;
use crate::live::plays::try_play;
use crate::live::stage::{Request, Stage};

/// How far back the log is read for cold starts, and for the line of a request.
const A_DAY: Duration = Duration::from_hours(24);
const A_MOMENT: Duration = Duration::from_mins(5);
/// Most events that are read of one log group.
const MOST: usize = 20_000;
/// The revision of the request whose line is looked for: no other client is likely to send it now.
const RARE_REVISION: &str = "2025-03-26";
/// How often a play looks for the line of its own request, and between.
const LOOKS: u32 = 15;
const BETWEEN_LOOKS: Duration = Duration::from_secs(2);

/// The last events of a log group, parsed; a line that is no JSON is a string.
async fn lines(stage: &Stage, group: &str, back: Duration) -> Result<Vec<Value>, String> {
    // The clock of this machine says where to begin, which need not be exact.
    #[expect(
        clippy::disallowed_methods,
        reason = "a moment in the log of AWS, not of the tests"
    )]
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let from = i64::try_from(now.saturating_sub(back).as_millis()).unwrap_or_default();
    let mut pages = stage
        .logs
        .filter_log_events()
        .log_group_name(group)
        .start_time(from)
        .into_paginator()
        .send();
    let mut lines = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| DisplayErrorContext(error).to_string())?;
        lines.extend(page.events().iter().filter_map(|event| {
            let message = event.message()?.trim_end();
            Some(serde_json::from_str(message).unwrap_or_else(|_| Value::from(message)))
        }));
        if lines.len() >= MOST {
            break;
        }
    }
    Ok(lines)
}

try_play!(cold_start, |stage, findings| {
    for (id, group) in &stage.stack.log_groups {
        let lines = lines(stage, group, A_DAY).await?;
        let number = |line: &Value, name: &str| {
            let record = line.get("record")?.get("metrics")?.get(name)?;
            record.as_f64()
        };
        let mut starts: Vec<f64> = lines
            .iter()
            .filter_map(|line| number(line, "initDurationMs"))
            .collect();
        starts.sort_by(f64::total_cmp);
        let memory = lines
            .iter()
            .filter_map(|line| number(line, "maxMemoryUsedMB"));
        let memory = memory.fold(0.0, f64::max);
        match (starts.get(starts.len() / 2), starts.last()) {
            (Some(median), Some(slowest)) => findings.observe(format!(
                "{}: {} cold starts in 24 hours, median {median} ms, slowest {slowest} ms, at most {memory} MB",
                id,
                starts.len()
            )),
            _ => findings.leave_open(format!("{}: no cold start in the log of 24 hours", id)),
        }
    }
});

try_play!(log_format, |stage, findings| {
    let groups = &stage.stack.log_groups;
    for (id, group) in groups {
        let described = stage
            .logs
            .describe_log_groups()
            .log_group_name_prefix(group)
            .send()
            .await
            .map_err(|error| DisplayErrorContext(error).to_string())?;
        let days = described
            .log_groups()
            .iter()
            .find(|described| described.log_group_name() == Some(group))
            .and_then(|described| described.retention_in_days());
        findings.expect(
            days.is_some(),
            match days {
                Some(days) => format!("{id} keeps its lines for {days} days"),
                None => format!("{id} keeps its lines forever"),
            },
        );
    }
    let before = requests_in_log(stage).await?;
    let token = stage.program_token().await?;
    let request = Request::rpc(stage.url(), "tools/list", &json!({}))
        .header("mcp-protocol-version", RARE_REVISION)
        .bearer(token);
    let response = stage.send(request).await?;
    findings.expect(
        response.status == 200,
        format!("tools/list: {}", response.status),
    );
    findings.leave_open("alarms and metrics");
    // CloudWatch has a line some seconds after it was written.
    for _ in 0..LOOKS {
        if !requests_in_log(stage).await?.is_subset(&before) {
            findings.expect(true, "its line in the log is JSON and names the method");
            return Ok(());
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
    findings.expect(false, "its line is not in the log after 30 seconds");
});

/// The ids of the requests for `tools/list` in [`RARE_REVISION`] that are in the log.
async fn requests_in_log(stage: &Stage) -> Result<BTreeSet<String>, String> {
    let mut ids = BTreeSet::new();
    for group in stage.stack.log_groups.values() {
        for line in lines(stage, group, A_MOMENT).await? {
            let text = |name: &str| line.get(name).and_then(Value::as_str);
            let is_ours = text("method") == Some("tools/list")
                && text("protocolVersion") == Some(RARE_REVISION);
            ids.extend(text("requestId").filter(|_| is_ours).map(str::to_owned));
        }
    }
    Ok(ids)
}
