//! Processes are killed at random while they respond, and the log group loses requests and responses: each call that was
//! answered has exactly one record.
#![cfg(unix)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use http_body_util::BodyExt;
use mcp_lambda_testing::{Function, FunctionOptions, LogGroup, TransferMode};
use serde_json::{Value, json};

use crate::audit::{GROUP, chain, variables};
use crate::event_source::{ISSUER, RESOURCE};
use crate::programs;

/// Callers at one time.
const CALLERS: usize = 8;

/// The variable with the number of calls; `npm test -- audit-crashes` makes 100,000.
const CALLS: &str = "AUDITED_CALLS";

#[tokio::test]
async fn no_answered_call_is_lost_and_none_is_recorded_twice() {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test has no arguments of its own"
    )]
    let calls = std::env::var(CALLS).map_or(2_000, |calls| calls.parse().unwrap());
    let (group, endpoint) = LogGroup::serve(GROUP).await.unwrap();
    group.lose(0.01, 42);
    let mut environment: BTreeMap<String, String> = variables(&endpoint)
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    environment.extend(
        [
            ("MCP_RESOURCE", RESOURCE),
            ("MCP_ISSUER", ISSUER),
            ("MCP_RESPONSE_MODE", "buffered"),
            ("MCP_METRICS", "off"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned())),
    );
    let function = Function::new(FunctionOptions {
        command: vec![
            programs::program("audited_function")
                .to_string_lossy()
                .into_owned(),
        ],
        environment,
        handler: "bootstrap".to_owned(),
        timeout: Duration::from_secs(60),
        transfer_mode: TransferMode::Buffered,
        kills: None,
    });
    let next = Arc::new(AtomicUsize::new(0));
    let callers = (0..CALLERS).map(|_| {
        let (function, next) = (Arc::clone(&function), Arc::clone(&next));
        tokio::spawn(async move {
            let mut answered = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= calls {
                    return answered;
                }
                if is_answered(&function, number).await {
                    answered.push(number);
                }
            }
        })
    });
    let answered: BTreeSet<String> = join_all(callers)
        .await
        .into_iter()
        .flat_map(Result::unwrap)
        .map(|number| number.to_string())
        .collect();

    let lines = group.lines();
    let chains: BTreeSet<String> = lines
        .iter()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["chain"].to_string())
        .collect();
    let records = chain::assert_whole(&lines, chains.len());
    let mut recorded = BTreeSet::new();
    for record in &records {
        // Each call has a caller of its own, which names the call.
        let subject = record["subject"].as_str().unwrap().to_owned();
        assert!(
            recorded.insert(subject),
            "a call is recorded twice: {record}"
        );
    }
    let lost: Vec<&String> = answered.difference(&recorded).collect();
    assert!(lost.is_empty(), "answered without a record: {lost:?}");
    let killed = calls - answered.len();
    assert!(killed > 0, "no process was killed while it responded");
    assert!(
        answered.len() > calls / 2,
        "most calls are answered: {}",
        answered.len()
    );
    println!(
        "{calls} calls, {} answered, {} records in {} chains, {} lines sent again",
        answered.len(),
        records.len(),
        chains.len(),
        lines.len() - records.len()
    );
}

async fn is_answered(function: &Function, number: usize) -> bool {
    let message = json!({
        "jsonrpc": "2.0", "id": number, "method": "tools/call",
        "params": { "name": "echo", "arguments": { "text": number.to_string() } },
    });
    let claims = json!({
        "sub": number.to_string(), "client_id": "client", "token_use": "access", "iss": ISSUER,
        "aud": RESOURCE, "scope": format!("{RESOURCE}/tools"),
    });
    let event = json!({
        "httpMethod": "POST", "path": "/mcp", "body": message.to_string(), "isBase64Encoded": false,
        "headers": {
            "Host": "d111.cloudfront.net", "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-11-25",
        },
        "requestContext": { "authorizer": { "claims": claims } },
    });
    // The process was killed before it responded.
    let Ok(response) = function.invoke(event.to_string().into()).await else {
        return false;
    };
    let status = response.status();
    let Ok(body) = response.into_body().collect().await else {
        return false;
    };
    let body: Value = serde_json::from_slice(&body.to_bytes()).unwrap();
    assert_eq!(status, 200, "{body}");
    assert_eq!(
        body["result"]["content"][0]["text"],
        number.to_string(),
        "{body}"
    );
    true
}
