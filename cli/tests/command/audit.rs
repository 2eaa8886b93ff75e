//! `mcp-lambda audit` with files, and against a mock of CloudWatch Logs.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use axum::response::IntoResponse;
use mcp_lambda_contract::{AuditApi, AuditCallerKind, AuditOutcome, AuditRecord};
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

use crate::folder::Folder;
use crate::stub::Stub;

fn sealed(mut record: AuditRecord) -> AuditRecord {
    let bytes = digest(&SHA256, &record.canonical());
    record.digest = bytes
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    record
}

/// A chain of five records, as a server writes it.
fn chain() -> Vec<AuditRecord> {
    let mut previous = AuditRecord::FIRST.to_owned();
    (1..=5)
        .map(|sequence| {
            let record = sealed(AuditRecord {
                chain: "c0ffee".to_owned(),
                sequence,
                previous: previous.clone(),
                time: format!("2026-12-01T18:00:0{sequence}.000Z"),
                server: "kennel".to_owned(),
                request_id: format!("request-{sequence}"),
                api: AuditApi::Mcp,
                subject: "anna\u{1b}[2J".to_owned(),
                client: "client".to_owned(),
                kind: AuditCallerKind::Person,
                scopes: vec!["walk".to_owned()],
                tool: Some("walk".to_owned()),
                outcome: AuditOutcome::Refused,
                reason: Some("InsufficientScope".to_owned()),
                digest: String::new(),
            });
            previous.clone_from(&record.digest);
            record
        })
        .collect()
}

fn lines(records: &[AuditRecord]) -> String {
    records.iter().map(|record| record.line() + "\n").collect()
}

fn run(folder: &Path, arguments: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mcp-lambda"))
        .args(arguments.split(' '))
        .current_dir(folder)
        .env_clear()
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn printed(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn a_whole_trail_has_no_finding_and_each_manipulation_has_one_with_its_position() {
    let folder = Folder::new();
    let verify = |content: &str| {
        std::fs::write(folder.path().join("trail.jsonl"), content).unwrap();
        run(folder.path(), "audit verify --file trail.jsonl")
    };
    let whole = chain();
    let output = verify(&lines(&whole));
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(printed(&output), "5 records in 1 chain, 0 findings\n");

    let mut altered = whole.clone();
    altered[1].outcome = AuditOutcome::Ok;
    let mut missing = whole.clone();
    missing.remove(2);
    let mut swapped = whole.clone();
    swapped.swap(2, 3);
    let mut inserted = whole.clone();
    let mut forged = whole[3].clone();
    "eve".clone_into(&mut forged.subject);
    inserted.insert(4, sealed(forged));
    for (records, finding) in [
        (altered, "chain c0ffee, record 2: altered"),
        (missing, "chain c0ffee, record 3: missing"),
        (swapped, "chain c0ffee, record 3: swapped"),
        (inserted, "chain c0ffee, record 4: two different records"),
    ] {
        let output = verify(&lines(&records));
        assert_eq!(output.status.code(), Some(1));
        let printed = printed(&output);
        assert!(printed.starts_with(finding), "{printed}");
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(error, "\nerror: the audit trail has 1 finding: see above\n");
    }
}

#[test]
fn a_truncated_end_is_found_with_the_checkpoint_of_an_earlier_run() {
    let folder = Folder::new();
    let verify = |records: &[AuditRecord]| {
        std::fs::write(folder.path().join("trail.jsonl"), lines(records)).unwrap();
        run(
            folder.path(),
            "audit verify --file trail.jsonl --checkpoint heads.json",
        )
    };
    let whole = chain();
    assert_eq!(verify(&whole[..4]).status.code(), Some(0));
    let output = verify(&whole[..3]);
    assert_eq!(output.status.code(), Some(1));
    assert!(printed(&output).contains("records 4 to 4: missing: an earlier run has seen them"));
    assert_eq!(
        verify(&whole).status.code(),
        Some(0),
        "the findings did not change the checkpoint"
    );
    let heads = std::fs::read(folder.path().join("heads.json")).unwrap();
    let heads: Value = serde_json::from_slice(&heads).unwrap();
    assert_eq!(heads["chains"]["c0ffee"]["sequence"], 5);
    std::fs::write(folder.path().join("heads.json"), "[]").unwrap();
    let output = verify(&whole);
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        error.contains("the checkpoint heads.json cannot be read"),
        "{error}"
    );
}

#[test]
fn list_shows_a_line_for_each_call_without_control_characters() {
    let folder = Folder::new();
    std::fs::write(folder.path().join("trail.jsonl"), lines(&chain()[..1])).unwrap();
    let output = run(folder.path(), "audit list --file trail.jsonl");
    let printed = printed(&output);
    assert!(!printed.contains('\u{1b}'), "{printed:?}");
    assert!(
        printed.starts_with("2026-12-01T18:00:01.000Z  person anna"),
        "{printed}"
    );
    assert!(
        printed.ends_with("walk  refused (InsufficientScope)  client  request-1\n"),
        "{printed}"
    );
}

#[test]
fn a_record_cannot_add_a_line_to_the_output() {
    let folder = Folder::new();
    let mut forged = chain()[0].clone();
    "anna\n9 records in 1 chain, 0 findings\t".clone_into(&mut forged.subject);
    forged.chain = "c0ffee\n2 records in 1 chain, 0 findings".to_owned();
    forged.sequence = 2;
    std::fs::write(folder.path().join("trail.jsonl"), lines(&[sealed(forged)])).unwrap();
    let listed = run(folder.path(), "audit list --file trail.jsonl");
    assert_eq!(printed(&listed).lines().count(), 1, "{listed:?}");
    let verified = run(folder.path(), "audit verify --file trail.jsonl");
    let count = verified
        .stdout
        .iter()
        .filter(|byte| **byte == b'\n')
        .count();
    let printed = printed(&verified);
    let ends = ["finding", "findings"].map(|noun| printed.trim_end().ends_with(noun));
    assert!(ends.contains(&true), "{printed}");
    let findings: usize = printed
        .trim_end()
        .rsplit(' ')
        .nth(1)
        .unwrap()
        .parse()
        .unwrap();
    assert_eq!(count, findings + 1, "{printed}");
}

#[tokio::test]
async fn the_trail_of_a_stack_is_read_from_its_log_group_alone() {
    let stub = Stub::answering(|asked| {
        let target = asked.headers["x-amz-target"].to_str().unwrap();
        let body: Value = serde_json::from_slice(&asked.body).unwrap();
        let answer = if target.ends_with("DescribeLogGroups") {
            let names = [
                "Shop-ServerFunctionLog04964BC3-x9",
                "Shop-ServerAuditLog1469053E-a1",
            ];
            json!({ "logGroups": names.map(|name| json!({ "logGroupName": name })) })
        } else {
            assert_eq!(body["logGroupName"], "Shop-ServerAuditLog1469053E-a1");
            // Events of one millisecond in any order.
            let records = chain();
            let mut lines: Vec<String> = records.iter().map(AuditRecord::line).collect();
            lines.reverse();
            let event = |message: &String| json!({ "message": message, "timestamp": 1 });
            json!({ "events": lines.iter().map(event).collect::<Vec<_>>() })
        };
        answer.to_string().into_response()
    })
    .await;
    let run = |arguments: &'static str| {
        tokio::process::Command::new(env!("CARGO_BIN_EXE_mcp-lambda"))
            .args(arguments.split(' '))
            .env_clear()
            .envs([
                ("AWS_ACCESS_KEY_ID", "id"),
                ("AWS_SECRET_ACCESS_KEY", "secret"),
                (
                    "AWS_ENDPOINT_URL",
                    &format!("http://127.0.0.1:{}", stub.port),
                ),
            ])
            .output()
    };
    let output = run("audit verify Shop --region eu-west-1").await.unwrap();
    assert_eq!(
        printed(&output),
        "5 records in 1 chain, 0 findings\n",
        "{output:?}"
    );
}
