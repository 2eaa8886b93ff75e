//! Prints docs/live-checks.md.

use std::io::Write;

fn main() -> std::io::Result<()> {
    std::io::stdout().write_all(mcp_lambda_cli::live::page().as_bytes())
}
