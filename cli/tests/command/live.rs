//! What the document of live checks says, and how the command refuses.

use std::path::Path;

use mcp_lambda_cli::live::row::Played;
use mcp_lambda_cli::live::{page, rows};

use crate::folder::Folder;

#[test]
fn the_document_is_that_of_the_table() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/live-checks.md");
    let written = std::fs::read_to_string(file).unwrap();
    assert!(
        written == page(),
        "docs/live-checks.md is stale: cargo run --package mcp-lambda-cli --example live-checks > docs/live-checks.md"
    );
}

#[test]
fn ids_are_unique_and_every_check_says_how_it_is_done() {
    let mut ids: Vec<&str> = rows().map(|row| row.id).collect();
    let played = |row: &&_| {
        matches!(
            row,
            mcp_lambda_cli::live::row::Row {
                played: Played::Program { .. },
                ..
            }
        )
    };
    assert!(rows().filter(played).count() >= 20);
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all);
    for row in rows() {
        for cell in [row.behaviour, row.locally, row.live] {
            assert!(
                cell.len() > 3 && !cell.contains('\n'),
                "{}: {cell:?}",
                row.id
            );
        }
    }
}

#[tokio::test]
async fn without_a_terminal_nobody_is_asked_and_a_stack_that_is_not_there_is_named() {
    let folder = Folder::new();
    for (arguments, message) in [
        (
            &["--ask"][..],
            "--ask asks in a terminal, and standard input is none: leave it out",
        ),
        (&[], "stack Nowhere cannot be read: "),
    ] {
        let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_mcp-lambda"))
            .args(["live", "--stack", "Nowhere"])
            .args(arguments)
            .current_dir(folder.path())
            .env_clear()
            .envs([
                // Nothing listens there.
                ("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
                ("AWS_ACCESS_KEY_ID", "test"),
                ("AWS_SECRET_ACCESS_KEY", "test"),
                ("AWS_REGION", "eu-west-1"),
                ("AWS_MAX_ATTEMPTS", "1"),
            ])
            .stdin(std::process::Stdio::null())
            .output()
            .await
            .unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(error.contains(message), "{error}");
        assert!(output.stdout.is_empty());
    }
}
