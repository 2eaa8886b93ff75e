//! The result cache as REST responses and metrics show it.
#![expect(
    clippy::disallowed_methods,
    reason = "a test is a process of its own and reads its clock"
)]

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use serde_json::json;

use crate::dynamodb::Table;
use crate::event_source::Function;
use crate::keeper;
use crate::sessions::KEYS as STATE_KEYS;
use crate::tools_api::{As, URL, rest};

const KEYS: &str = r#"[{"id":"k1","name":"keeper","scopes":["keep"]}]"#;

/// How far the function's clock is ahead, in seconds.
static AHEAD: AtomicU64 = AtomicU64::new(0);

fn clock() -> SystemTime {
    SystemTime::now() + Duration::from_secs(AHEAD.load(Ordering::Relaxed))
}

async fn keeper(table: &Table, more: &[(&'static str, &'static str)]) -> Function {
    let mut variables = table.variables().to_vec();
    variables.extend([
        ("MCP_STATE_KEYS", STATE_KEYS),
        ("MCP_TOOLS_URL", URL),
        ("MCP_TOOLS_KEYS", KEYS),
    ]);
    variables.extend(more);
    Function::start_server_at(clock, &variables, keeper::definition).await
}

#[tokio::test]
async fn a_kept_result_says_its_age_and_counts_as_a_hit() {
    let table = Table::start().await;
    let function = keeper(&table, &[]).await;
    let call = rest("POST", "/functions/measure", As::Key("k1"), r#"{"what":1}"#);
    let first = function.send(&call).await;
    assert_eq!(first.header("cache-control"), Some("private, max-age=60"));
    assert_eq!(first.header("age"), Some("0"));
    AHEAD.store(7, Ordering::Relaxed);
    let second = function.send(&call).await;
    assert_eq!(second.header("age"), Some("7"));
    assert_eq!(second.json(), first.json(), "the tool ran once");
    function.settled().await;
    let lines = function.requests();
    let seen: Vec<_> = lines
        .iter()
        .map(|line| (&line["cache"], &line["CacheHits"]))
        .collect();
    assert_eq!(
        seen,
        [(&json!("miss"), &json!(0)), (&json!("hit"), &json!(1))]
    );
    let metrics = lines[1]["_aws"]["CloudWatchMetrics"][0]["Metrics"].to_string();
    assert!(metrics.contains(r#""Name":"CacheHits""#), "{metrics}");

    let uncached = rest("POST", "/functions/undeclared", As::Key("k1"), "");
    let answer = function.send(&uncached).await;
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    function.settled().await;
    let line = function.requests().pop().unwrap();
    assert_eq!((line.get("cache"), line.get("CacheHits")), (None, None));
}

#[tokio::test]
async fn with_the_cache_off_every_call_runs_the_tool() {
    let table = Table::start().await;
    let function = keeper(&table, &[("MCP_RESULT_CACHE", "false")]).await;
    let call = rest("POST", "/functions/measure", As::Key("k1"), r#"{"what":1}"#);
    for run in 0..2 {
        let answer = function.send(&call).await;
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let text = format!("1: run {run} for key-keeper");
        assert_eq!(answer.json()["content"][0]["text"], text);
    }
    assert_eq!(table.keys().len(), 0);
}
