//! Faults that only a request with an access token shows.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use mcp_lambda_cli::doctor::verdict::Outcome;
use serde_json::{Value, json};
use url::Url;

use crate::report;
use crate::stub::{Asked, Fault, Reply, SCOPE, start};

/// An access token for the server, with other claims where `edit` says so.
fn token(url: &Url, edit: fn(&mut Value)) -> String {
    let mut claims = json!({ "aud": url.as_str(), "scope": format!("{url}/{SCOPE}"), "exp": 4_102_444_800_u64, "sub": "ann" });
    edit(&mut claims);
    format!(
        "e30.{}.x",
        BASE64_URL_SAFE_NO_PAD.encode(claims.to_string())
    )
}

fn called(asked: &Asked, method: &str) -> bool {
    asked.body.contains(&format!("\"{method}\"")) && asked.headers.contains_key("authorization")
}

/// The fault's check, and whether all clients are stopped by it.
async fn judged(fault: Fault, claims: fn(&mut Value)) -> (Vec<&'static str>, bool) {
    let url = start("/mcp", fault).await;
    let report = report(&url, Some(&token(&url, claims))).await;
    let stopped = report
        .clients
        .iter()
        // ChatGPT's metadata document is another one for each connector, so its walk ends before.
        .filter(|client| client.id != "chatgpt")
        .all(|client| client.verdict.outcome == Outcome::DoesNotConnect);
    (
        report.faults.iter().map(|fault| fault.id).collect(),
        stopped,
    )
}

#[tokio::test]
async fn a_healthy_server_and_its_token_raise_no_alarm() {
    assert_eq!(judged(|_, _| {}, |_| {}).await, (vec![], false));
}

#[tokio::test]
async fn names_what_is_wrong_with_an_access_token() {
    let no_aud = |claims: &mut Value| drop(claims.as_object_mut().unwrap().remove("aud"));
    assert_eq!(
        judged(|_, _| {}, no_aud).await.0,
        ["token-audience-missing"]
    );
    let foreign = |claims: &mut Value| claims["aud"] = json!("https://other.example/mcp");
    assert_eq!(
        judged(|_, _| {}, foreign).await.0,
        ["token-audience-foreign"]
    );
    let scope = |claims: &mut Value| claims["scope"] = json!("openid");
    assert_eq!(judged(|_, _| {}, scope).await.0, ["token-scope-missing"]);
    let expired = |claims: &mut Value| claims["exp"] = json!(1_000_000_000);
    assert_eq!(judged(|_, _| {}, expired).await.0, ["token-expired"]);
}

#[tokio::test]
async fn names_what_is_wrong_after_the_sign_in() {
    let cases: [(&str, bool, Fault); 9] = [
        ("token-refused", true, |asked, reply| {
            if asked.headers.contains_key("authorization") && asked.is_mcp() {
                reply.status = 401;
                reply.set("www-authenticate", "Bearer error=\"invalid_token\"");
            }
        }),
        ("token-scope-missing", true, |asked, reply| {
            if called(asked, "tools/list") {
                *reply = Reply::json(403, &json!({ "error": "insufficient_scope" }));
                reply.set(
                    "www-authenticate",
                    "Bearer error=\"insufficient_scope\", scope=\"a\"",
                );
            }
        }),
        ("initialize-failed", true, |asked, reply| {
            if reply.status == 200 && called(asked, "initialize") {
                reply.edit(|body| *body = json!({ "jsonrpc": "2.0", "id": 1, "error": { "code": -32603, "message": "boom" } }));
            }
        }),
        ("session-lost", true, |asked, reply| {
            if called(asked, "initialize") {
                reply.set("mcp-session-id", "1");
            }
            if called(asked, "tools/list") {
                *reply = Reply::json(
                    404,
                    &json!({ "jsonrpc": "2.0", "id": 2, "error": { "code": -32001, "message": "Session not found" } }),
                );
            }
        }),
        ("tools-list-failed", true, |asked, reply| {
            if called(asked, "tools/list") {
                *reply = Reply::new(500, String::new());
            }
        }),
        ("tools-empty", false, |asked, reply| {
            if called(asked, "tools/list") {
                reply.edit(|body| body["result"]["tools"] = json!([]));
            }
        }),
        ("tool-call-failed", true, |asked, reply| {
            if called(asked, "tools/call") {
                reply.edit(|body| *body = json!({ "jsonrpc": "2.0", "id": 3, "error": { "code": -32603, "message": "boom" } }));
            }
        }),
        ("stream-buffered", false, |asked, reply| {
            if called(asked, "tools/call") {
                reply.set("content-type", "text/event-stream");
                reply.body = format!("event: message\ndata: {}\n\n", reply.body);
                reply.set("content-length", &reply.body.len().to_string());
            }
        }),
        ("notification-status", false, |asked, reply| {
            if called(asked, "notifications/initialized") {
                *reply = Reply::new(200, String::new());
            }
        }),
    ];
    for (check, stops, fault) in cases {
        assert_eq!(judged(fault, |_| {}).await, (vec![check], stops), "{check}");
    }
}
