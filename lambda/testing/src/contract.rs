//! Compares the contract that a server prints with the one that is checked in.

use std::path::Path;
use std::process::Command;

/// Checks that `path` holds the contract that the program prints: the constructs read the file, not the program.
///
/// `check_contract(env!("CARGO_BIN_EXE_shop"), "contract.json")` in a test of the package; the path is relative to the package.
///
/// # Errors
///
/// What is wrong and how to update the file.
pub fn check_contract(program: &str, path: impl AsRef<Path>) -> Result<(), String> {
    let path = path.as_ref();
    let output = Command::new(program)
        .arg("contract")
        .env_clear()
        .output()
        .map_err(|error| format!("cannot start {program}: {error}"))?;
    if !output.status.success() {
        let log = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{program} prints no contract: {}", log.trim_end()));
    }
    match std::fs::read(path) {
        Ok(checked_in) if checked_in == output.stdout => Ok(()),
        Ok(_) => Err(stale(program, path, "differs from what the server prints")),
        Err(error) => Err(stale(program, path, &format!("cannot be read ({error})"))),
    }
}

fn stale(program: &str, path: &Path, problem: &str) -> String {
    let path = path.display();
    let name = Path::new(program).file_stem().unwrap_or_default();
    let name = name.to_string_lossy();
    format!(
        "{path} {problem}; update it in the folder of the package: \
         cargo run -q --bin {name} -- contract > {path}.new && mv {path}.new {path}"
    )
}
