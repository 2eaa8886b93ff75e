//! What the documents say about the doctor.

use std::path::Path;

use mcp_lambda_cli::doctor::checks::all;
use mcp_lambda_cli::doctor::page;
use mcp_lambda_cli::doctor::profiles::PROFILES;

#[test]
fn the_page_of_checks_is_that_of_the_tables() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/doctor-checks.md");
    let written = std::fs::read_to_string(file).unwrap();
    assert!(
        written == page(),
        "docs/doctor-checks.md is stale: cargo run --package mcp-lambda-cli --example doctor-checks > docs/doctor-checks.md"
    );
}

#[test]
fn ids_are_unique_and_every_check_explains_itself() {
    let mut ids: Vec<&str> = all().map(|check| check.id).collect();
    assert!(ids.len() >= 40, "{}", ids.len());
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all().count());
    let mut clients: Vec<&str> = PROFILES.iter().map(|profile| profile.id).collect();
    clients.sort_unstable();
    clients.dedup();
    assert_eq!(clients.len(), PROFILES.len());
    for check in all() {
        for explanation in [check.title, check.why, check.construct, check.elsewhere] {
            assert!(explanation.len() > 10, "{}: {explanation:?}", check.id);
        }
    }
}
