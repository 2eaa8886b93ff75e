//! Reads JSON-RPC responses, plain or as server-sent events.

use serde_json::Value;

use super::evidence::Received;

/// The JSON-RPC message with a result or an error: the body, or the last such event of a stream.
#[must_use]
pub(super) fn message(response: &Received) -> Option<Value> {
    let stream = response
        .header("content-type")
        .is_some_and(|kind| kind.starts_with("text/event-stream"));
    if !stream {
        return response.json();
    }
    response
        .body
        .lines()
        .filter_map(|line| line.strip_prefix("data:"))
        .filter_map(|data| serde_json::from_str::<Value>(data.trim()).ok())
        .rfind(|value| value.get("result").is_some() || value.get("error").is_some())
}

/// The result of a successful response.
#[must_use]
pub(super) fn result(response: &Received) -> Option<Value> {
    response
        .is_success()
        .then(|| message(response))??
        .get("result")
        .cloned()
}

/// Why there is no result.
#[must_use]
pub(super) fn problem(response: &Received) -> String {
    let error = message(response).and_then(|message| {
        let error = message.get("error")?;
        Some(error.get("message")?.as_str()?.to_owned())
    });
    match error {
        Some(error) => format!("{} ({error})", response.status),
        None => format!("{} without a JSON-RPC result", response.status),
    }
}

/// The first tool that may be called without a person's consent: read-only, without required arguments.
#[must_use]
pub(super) fn tool_without_arguments(result: &Value) -> Option<String> {
    result.get("tools")?.as_array()?.iter().find_map(|tool| {
        let read_only = tool.pointer("/annotations/readOnlyHint")?.as_bool()?;
        let required = tool
            .pointer("/inputSchema/required")
            .and_then(Value::as_array)
            .is_some_and(|names| !names.is_empty());
        (read_only && !required).then(|| tool.get("name")?.as_str().map(str::to_owned))?
    })
}
