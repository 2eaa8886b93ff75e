//! The command: its report, its exit status, and what it refuses.

use std::process::Stdio;

use serde_json::{Value, json};
use tokio::process::Command;

use crate::stub::{Reply, start};

/// Exit status, standard output and standard error.
async fn doctor(arguments: &[&str]) -> (Option<i32>, String, String) {
    doctor_with(&[], arguments).await
}

async fn doctor_with(
    variables: &[(&str, &str)],
    arguments: &[&str],
) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_mcp-lambda"))
        .arg("doctor")
        .args(arguments)
        .env_clear()
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[tokio::test]
async fn status_0_when_every_client_connects_and_no_colours_outside_a_terminal() {
    let url = start("/mcp", |_, _| {}).await;
    let (status, printed, error) = doctor(&[url.as_str()]).await;
    assert_eq!((status, error.as_str()), (Some(0), ""), "{printed}");
    assert!(
        printed.contains("Codex") && printed.contains("connects (metadata document)"),
        "{printed}"
    );
    assert!(printed.contains("No check failed."), "{printed}");
    assert!(!printed.contains('\u{1b}'), "{printed:?}");
}

#[tokio::test]
async fn status_1_with_the_step_and_the_fix_under_each_client_that_does_not_connect() {
    let url = start("/mcp", |asked, reply| {
        if asked.is_server_metadata() {
            reply.edit(|document| {
                drop(
                    document
                        .as_object_mut()
                        .unwrap()
                        .remove("code_challenge_methods_supported"),
                )
            });
        }
    })
    .await;
    let (status, printed, error) = doctor(&[url.as_str()]).await;
    assert_eq!(status, Some(1));
    assert!(
        error.contains("error: 2 of 14 MCP clients do not connect from the URL alone"),
        "{error}"
    );
    for wanted in [
        "does not connect",
        "authorization server metadata: code_challenge_methods_supported is missing [s256-missing]",
        "fix: `McpAuthorization.server()`",
        "any other server: add code_challenge_methods_supported",
        "> GET http://127.0.0.1",
        "< 200",
    ] {
        assert!(printed.contains(wanted), "{wanted} in {printed}");
    }
}

#[tokio::test]
async fn json_has_verdicts_faults_and_every_exchange() {
    let url = start("/mcp", |asked, reply| {
        if asked.is_mcp() {
            *reply = Reply::html(200);
        }
    })
    .await;
    let (status, printed, _) = doctor(&[url.as_str(), "--json", "--client", "codex"]).await;
    assert_eq!(status, Some(1));
    let report: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(report["clients"][0]["id"], "codex");
    assert_eq!(report["clients"][0]["version"], "0.171.0");
    assert_eq!(report["clients"][0]["outcome"], "doesNotConnect");
    assert_eq!(report["clients"][0]["obstacle"]["check"], "endpoint-html");
    assert_eq!(report["clients"][0]["obstacle"]["step"], "firstRequest");
    assert_eq!(report["faults"][0]["id"], "endpoint-html");
    assert_eq!(report["exchanges"][0]["request"], format!("POST {url}"));
    assert_eq!(report["exchanges"][0]["status"], 200);
    // Of a page, its title, and neither markup nor style sheets.
    let body = "an HTML page with the title \"App\"";
    assert_eq!(report["exchanges"][0]["body"], body);
}

#[tokio::test]
async fn an_access_token_in_a_variable_is_used_and_never_printed() {
    let url = start("/mcp", |_, _| {}).await;
    let token = "e30.e30.x";
    let arguments = [url.as_str(), "--client", "rmcp", "--json"];
    let (_, printed, _) = doctor_with(&[("MCP_ACCESS_TOKEN", token)], &arguments).await;
    assert!(printed.contains("Bearer (not shown)"), "{printed}");
    assert!(!printed.contains(token), "{printed}");
    let (_, printed, _) = doctor(&arguments).await;
    assert!(
        printed.contains("requests with an access token (--login, MCP_ACCESS_TOKEN)"),
        "{printed}"
    );
}

#[tokio::test]
async fn strings_of_a_server_neither_control_the_terminal_nor_add_lines() {
    let url = start("/mcp", |asked, reply| {
        if asked.path == "/register" {
            let error = "\u{1b}[2J\u{9b}2J\u{202e}\n    fix: none";
            *reply = Reply::json(
                400,
                &json!({ "error": "invalid_redirect_uri", "error_description": error }),
            );
        }
        if asked.is_server_metadata() {
            reply.edit(|document| {
                document["issuer"] = json!("https://\u{1b}]0;a\u{7}\n    fix: none")
            });
        }
    })
    .await;
    for arguments in [&[url.as_str()][..], &[url.as_str(), "--json"]] {
        let (_, printed, _) = doctor(arguments).await;
        assert!(printed.contains("\u{fffd}[2J"), "{printed:?}");
        assert!(printed.contains("\u{fffd}]0;a"), "{printed:?}");
        assert!(
            printed
                .chars()
                .all(|character| character == '\n' || !character.is_control()),
            "{printed:?}"
        );
        assert!(
            !printed.contains('\u{202e}') && !printed.lines().any(|line| line == "    fix: none"),
            "{printed:?}"
        );
    }
}

#[tokio::test]
async fn status_3_when_the_server_cannot_be_reached() {
    let (status, _, error) = doctor(&["https://mcp-lambda-doctor.invalid/mcp"]).await;
    assert_eq!(status, Some(3));
    assert!(
        error.contains("cannot be reached: the host name has no address"),
        "{error}"
    );
}

#[tokio::test]
async fn status_2_for_what_is_no_url_and_for_an_unknown_client() {
    let (status, _, error) = doctor(&["mcp.example.com"]).await;
    assert_eq!(status, Some(2));
    assert!(error.contains("give the URL of an MCP server"), "{error}");
    let (status, _, error) = doctor(&["https://a.example/mcp", "--client", "netscape"]).await;
    assert_eq!(status, Some(2));
    assert!(
        error.contains("claude-code") && error.contains("web-page"),
        "{error}"
    );
}
