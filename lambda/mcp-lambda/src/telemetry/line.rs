//! The log line of a request, with its metrics.

use std::time::SystemTime;

use serde::Serialize;

/// The CloudWatch namespace of the metrics.
const NAMESPACE: &str = "McpLambda";

/// The log line, whose members `docs/telemetry.md` lists.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Line<'a> {
    pub(super) level: &'static str,
    pub(super) message: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) request_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) xray_trace_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) trace_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) method: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tool: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) protocol_version: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) client: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<u16>,
    pub(super) outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) refusal: Option<&'static str>,
    pub(super) duration_ms: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cold_start: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) api: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cache: Option<&'static str>,
    #[serde(flatten)]
    pub(super) metrics: Option<Metrics<'a>>,
}

/// The members that CloudWatch turns into metrics (embedded metric format), in the same line, so that no second line
/// with the same ids is necessary.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Metrics<'a> {
    #[serde(rename = "_aws")]
    pub(super) aws: Directive,
    #[serde(rename = "server")]
    pub(super) server: &'a str,
    pub(super) calls: u8,
    pub(super) errors: u8,
    pub(super) latency: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cold_starts: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) throttles: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cache_hits: Option<u8>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Directive {
    timestamp: u64,
    cloud_watch_metrics: [MetricSet; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct MetricSet {
    namespace: &'static str,
    dimensions: [[&'static str; 2]; 1],
    metrics: Vec<Metric>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metric {
    name: &'static str,
    unit: &'static str,
}

impl Directive {
    /// Rare metrics are included only when they are 1, and those of the cache for tools that are cached: each metric is
    /// billed for each month in which it occurs.
    pub(super) fn new(now: SystemTime, is_cold: bool, throttled: bool, is_cached: bool) -> Self {
        let count = |name| Metric {
            name,
            unit: "Count",
        };
        let mut metrics = vec![
            count("Calls"),
            count("Errors"),
            Metric {
                name: "Latency",
                unit: "Milliseconds",
            },
        ];
        metrics.extend(is_cold.then(|| count("ColdStarts")));
        metrics.extend(throttled.then(|| count("Throttles")));
        metrics.extend(is_cached.then(|| count("CacheHits")));
        let since_epoch = now
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        Self {
            timestamp: u64::try_from(since_epoch.as_millis()).unwrap_or_default(),
            cloud_watch_metrics: [MetricSet {
                namespace: NAMESPACE,
                dimensions: [["server", "tool"]],
                metrics,
            }],
        }
    }
}
