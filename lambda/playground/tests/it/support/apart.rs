//! A playground that is asked without a network.

use std::time::SystemTime;

use bytes::Bytes;
use http::Method;
use http_body_util::BodyExt;
use mcp_lambda_playground::{Playground, Request};
use mcp_lambda_runtime::deadline::Deadline;
use mcp_lambda_runtime::process::Process;
use serde_json::Value;

/// The JSON at `path` of a playground with these variables.
pub(crate) async fn respond(variables: Vec<(&'static str, String)>, path: &str) -> Value {
    let defaults = [
        (
            "PLAYGROUND_SERVERS",
            r#"[{"name":"x","url":"https://mcp.example.com/mcp"}]"#,
        ),
        ("PLAYGROUND_MODELS", r#"[{"id":"x"}]"#),
        ("PLAYGROUND_SECRET", "0123456789abcdef0123456789abcdef"),
    ];
    let defaults = defaults.map(|(name, value)| (name, value.to_owned()));
    let all = defaults.into_iter().chain(variables);
    let all = all.map(|(name, value)| (name.into(), value.into()));
    let process = Process::new(Vec::new(), all, SystemTime::now);
    let playground = Playground::new(&process).unwrap();
    let request = Request {
        method: Method::GET,
        path: path.to_owned(),
        query: Vec::new(),
        headers: http::HeaderMap::new(),
        body: Bytes::new(),
        deadline: Deadline::none(),
    };
    let reply = playground.respond(&request).await;
    let body = reply
        .response
        .into_body()
        .collect()
        .await
        .unwrap()
        .to_bytes();
    serde_json::from_slice(&body).unwrap()
}
