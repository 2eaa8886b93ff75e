//! The published schema of contracts.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use mcp_lambda_contract::Contract;

#[test]
fn the_checked_in_schema_is_that_of_the_types() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/contract.schema.json");
    let checked_in = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        checked_in == format!("{:#}\n", Contract::json_schema()),
        "lambda/contract/contract.schema.json is stale; run: cargo run -p mcp-lambda-contract --example schema > lambda/contract/contract.schema.json"
    );
}
