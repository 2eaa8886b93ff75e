//! Faults that keep clients from reaching the server.

use serde_json::json;

use super::Stopped::{self, All, These};
use super::parts::{at_mcp, at_mcp_get, at_mcp_post};
use super::{Case, case};
use crate::stub::Reply;

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            "nothing at the path",
            "endpoint-not-found",
            All,
            "mcpServerUrl",
            |asked, reply| {
                if asked.is_mcp() || asked.path.contains(".well-known") {
                    *reply = Reply::json(404, &json!({ "error": "not_found" }));
                }
            },
        ),
        case(
            "POST refused",
            "endpoint-refuses-post",
            All,
            "mcpServerUrl",
            at_mcp_post(|| Reply::new(405, String::new())),
        ),
        case(
            "406 for the Accept header",
            "endpoint-not-acceptable",
            All,
            "Accept",
            at_mcp_post(|| Reply::new(406, "Not Acceptable".to_owned())),
        ),
        case(
            "5xx on the first request",
            "endpoint-server-error",
            All,
            "logs",
            at_mcp(|| Reply::new(503, "unavailable".to_owned())),
        ),
        case(
            "5xx on GET",
            "endpoint-server-error",
            These(&["codex", "mcp-remote", "rmcp"]),
            "logs",
            at_mcp_get(|| Reply::new(500, String::new())),
        ),
        case(
            "a web page",
            "endpoint-html",
            All,
            "mcpServerUrl",
            at_mcp(|| Reply::html(200)),
        ),
        case(
            "a redirect to another host",
            "endpoint-redirects",
            All,
            "mcpServerUrl",
            |asked, reply| {
                if asked.is_mcp() {
                    *reply = Reply::new(308, String::new());
                    reply.set("location", "https://elsewhere.example/mcp");
                }
            },
        ),
        case(
            "429",
            "throttled",
            All,
            "throttlingRateLimit",
            at_mcp_post(|| Reply::json(429, &json!({ "error": "too_many_requests" }))),
        ),
        case(
            "a clock that is an hour late",
            "clock-skew",
            Stopped::None,
            "Lambda's clock is right",
            |_, reply| {
                let late = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
                reply.set("date", &httpdate::fmt_http_date(late));
            },
        ),
    ]
}
