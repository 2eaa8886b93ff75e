//! Runs the emulator's own tests (Python, in its private environment) as part of `cargo test`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::Command;

use mcp_lambda_cli::dev::emulator::install;
use mcp_lambda_cli::dev::environment::Environment;
use mcp_lambda_cli::dev::paths::Paths;

#[tokio::test]
async fn every_difference_from_aws_that_is_put_right_stays_right() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()
        .unwrap();
    let paths = Paths::below(&root, ".local", 3030, Environment::default());
    install(&paths).await.unwrap();
    // Its status says that there are tests and that all of them passed (tests/__main__.py).
    let ran = Command::new(paths.python())
        .arg("-I")
        .arg(root.join("cli/emulator/tests"))
        .output()
        .unwrap();
    assert!(
        ran.status.success(),
        "{}{}",
        String::from_utf8_lossy(&ran.stderr),
        String::from_utf8_lossy(&ran.stdout)
    );
}
