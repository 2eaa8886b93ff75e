//! Metrics of the models in CloudWatch's embedded metric format: one log line for each reply.

use std::time::{Duration, UNIX_EPOCH};

use mcp_lambda_agent::conversation::ModelReply;
use mcp_lambda_agent::model::ModelError;
use serde_json::{Value, json};

use crate::playground::Playground;

/// The CloudWatch namespace, as of the servers' metrics.
const NAMESPACE: &str = "McpLambda";
const DIMENSION: &str = "model";

/// How a request to a model ended.
pub(crate) struct Outcome<'a> {
    pub(crate) reply: Result<&'a ModelReply, &'a ModelError>,
    pub(crate) took: Duration,
    /// When the first words came.
    pub(crate) first: Option<Duration>,
}

/// Logs what a request to `model` used.
pub(crate) fn record(playground: &Playground, model: &str, outcome: &Outcome<'_>) {
    let time = playground.now().duration_since(UNIX_EPOCH);
    let timestamp = u64::try_from(time.unwrap_or_default().as_millis()).unwrap_or_default();
    let mut metrics: Vec<(&str, &str, Value)> = vec![(
        "ModelLatency",
        "Milliseconds",
        json!(milliseconds(outcome.took)),
    )];
    if let Some(first) = outcome.first {
        let first = json!(milliseconds(first));
        metrics.push(("FirstTokenLatency", "Milliseconds", first));
    }
    match outcome.reply {
        Ok(reply) => {
            let usage = reply.usage;
            let read =
                usage.input_tokens + usage.cache_read_input_tokens + usage.cache_write_input_tokens;
            metrics.push(("InputTokens", "Count", json!(read)));
            metrics.push(("OutputTokens", "Count", json!(usage.output_tokens)));
            if let Some(estimate) = playground.prices().estimate(model, usage) {
                metrics.push(("Cost", "None", json!(estimate.dollars)));
            }
        }
        Err(ModelError::Throttled(_)) => metrics.push(("ModelThrottles", "Count", json!(1))),
        Err(_) => metrics.push(("ModelErrors", "Count", json!(1))),
    }
    let definitions: Vec<Value> = metrics
        .iter()
        .map(|(name, unit, _)| json!({ "Name": name, "Unit": unit }))
        .collect();
    let mut line = json!({
        "level": "INFO",
        "message": "model",
        DIMENSION: model,
        "_aws": {
            "Timestamp": timestamp,
            "CloudWatchMetrics": [{
                "Namespace": NAMESPACE,
                "Dimensions": [[DIMENSION]],
                "Metrics": definitions,
            }],
        },
    });
    if let Value::Object(line) = &mut line {
        let values = metrics.into_iter();
        line.extend(values.map(|(name, _, value)| (name.to_owned(), value)));
    }
    playground.process.log.request(&line);
}

fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1_000_000.0).round() / 1_000.0
}
