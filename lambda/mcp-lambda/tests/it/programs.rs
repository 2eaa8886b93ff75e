//! Functions that the tests start as processes: `tests/programs`, which are examples of the package, so that cargo builds them with
//! its tests.

use std::path::PathBuf;

/// The program of that name, of the same build as these tests.
pub(crate) fn program(name: &str) -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    // target/debug/deps/it-…
    let program = tests
        .ancestors()
        .nth(2)
        .unwrap()
        .join("examples")
        .join(name);
    assert!(
        program.exists(),
        "{} is missing: `cargo test` without `--test` builds it, and so does `cargo build --package mcp-lambda --examples`",
        program.display()
    );
    program
}
