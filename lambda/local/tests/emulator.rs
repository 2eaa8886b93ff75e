//! Runs the emulator's own tests (Python, in its private environment) as part of `cargo test`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::Command;

use mcp_lambda_local::{Places, install_emulator};

#[tokio::test]
async fn every_difference_from_aws_that_is_put_right_stays_right() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap();
    let places = Places::below(&root, 3030);
    install_emulator(&places).await.unwrap();
    let tests = places.emulator("tests");
    let said = Command::new(places.python())
        .args(["-m", "unittest", "discover", "--start-directory"])
        .arg(tests)
        .output()
        .unwrap();
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&said.stderr),
        String::from_utf8_lossy(&said.stdout)
    );
    assert!(
        said.contains("\nOK\n") && !said.contains("Ran 0 tests"),
        "{said}"
    );
}
