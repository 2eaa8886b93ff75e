//! `--login`: a person signs in, the doctor calls a tool and refreshes.

use std::process::Stdio;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::Command;
use url::Url;

use crate::stub::{Asked, Fault, Reply, start};

/// Consents at once, and issues tokens for the code and for refresh tokens.
fn consenting(asked: &Asked, reply: &mut Reply) {
    if asked.path == "/authorize" && reply.status == 200 {
        let mut back = Url::parse(&asked.query["redirect_uri"]).unwrap();
        back.query_pairs_mut()
            .append_pair("code", "good")
            .append_pair("state", &asked.query["state"])
            .append_pair("iss", &asked.origin);
        *reply = Reply::new(302, String::new());
        reply.set("location", back.as_str());
    }
    if asked.path == "/token"
        && (asked.body.contains("code=good") || asked.body.contains("grant_type=refresh_token"))
    {
        let mcp = format!("{}{}", asked.origin, asked.mcp);
        let claims =
            json!({ "aud": mcp, "scope": asked.scope(), "exp": 4_102_444_800_u64, "sub": "ann" });
        let token = format!(
            "e30.{}.x",
            BASE64_URL_SAFE_NO_PAD.encode(claims.to_string())
        );
        *reply = Reply::json(
            200,
            &json!({ "access_token": token, "token_type": "Bearer", "expires_in": 3600, "refresh_token": "r", "scope": asked.scope() }),
        );
    }
}

/// Runs the doctor; a person opens the page that it prints. Its status and its report.
async fn login(name: &str, fault: Fault) -> (Option<i32>, Value) {
    let url = start("/mcp", fault).await;
    let home = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let mut child = Command::new(env!("CARGO_BIN_EXE_mcp-lambda"))
        .args([
            "doctor",
            url.as_str(),
            "--login",
            "--no-browser",
            "--json",
            "--client",
            "rmcp",
        ])
        .env_clear()
        .env("HOME", &home)
        // The sign-in precedes it.
        .env("MCP_ACCESS_TOKEN", "e30.e30.of-another-run")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
    while let Some(line) = said.next_line().await.unwrap() {
        if line.contains("/authorize?") {
            let browser = reqwest::Client::builder().no_proxy().build().unwrap();
            browser.get(line.trim()).send().await.unwrap();
            break;
        }
    }
    let mut printed = String::new();
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut printed)
        .await
        .unwrap();
    let status = child.wait().await.unwrap().code();
    // No token stays behind.
    let kept = std::fs::read_dir(home.join(".local/state/mcp-lambda/sign-ins"))
        .map(|entries| entries.count())
        .unwrap_or_default();
    assert_eq!(kept, 0);
    (status, serde_json::from_str(&printed).unwrap())
}

#[tokio::test]
async fn signs_in_calls_a_tool_and_refreshes() {
    let (status, report) = login("login-healthy", consenting).await;
    assert_eq!(report["signIn"], json!({ "refreshed": true }), "{report}");
    assert_eq!((status, &report["faults"]), (Some(0), &json!([])));
    let called = report["exchanges"]
        .as_array()
        .unwrap()
        .iter()
        .any(|exchange| {
            exchange["requestHeaders"]
                .to_string()
                .contains("Bearer (not shown)")
                && exchange["status"] == 200
        });
    assert!(called, "{report}");
}

#[tokio::test]
async fn a_response_without_the_promised_iss_fails_the_sign_in() {
    let (status, report) = login("login-iss", |asked, reply| {
        consenting(asked, reply);
        if asked.path == "/authorize"
            && let Some(location) = reply.header("location")
        {
            reply.set("location", &location.replace("iss=", "x="));
        }
    })
    .await;
    assert_eq!(status, Some(1));
    let problem = report["signIn"]["problem"].as_str().unwrap();
    assert!(problem.to_lowercase().contains("issuer"), "{problem}");
}

#[tokio::test]
async fn a_refresh_that_is_refused_is_said() {
    let (status, report) = login("login-refresh", |asked, reply| {
        consenting(asked, reply);
        if asked.body.contains("grant_type=refresh_token") {
            *reply = Reply::json(400, &json!({ "error": "invalid_grant" }));
        }
    })
    .await;
    assert_eq!(
        (status, report["signIn"]["refreshed"].as_bool()),
        (Some(1), Some(false))
    );
    assert!(report["signIn"]["refreshProblem"].is_string(), "{report}");
}
