//! Prints the JSON Schema of contracts; with `--check` it compares the checked-in file instead.

use std::io::Write;
use std::process::ExitCode;

use mcp_lambda_contract::Contract;

fn main() -> ExitCode {
    let schema = format!("{:#}\n", Contract::json_schema());
    if std::env::args().any(|argument| argument == "--check") {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/contract.schema.json");
        let is_current = std::fs::read_to_string(path).is_ok_and(|checked_in| checked_in == schema);
        let told = if is_current { "is current" } else { "is stale" };
        let _ = writeln!(
            std::io::stderr(),
            "lambda/contract/contract.schema.json {told}"
        );
        return ExitCode::from(u8::from(!is_current));
    }
    match std::io::stdout().write_all(schema.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
