//! Checks that the programs that the stack needs are installed and new enough.

use super::error::StackError;
use super::paths::Paths;
use super::process::{building, output};

const INSTALL_RUST: &str = "install Rust with rustup";
const INSTALL_PYTHON: &str = "install Python 3.10 or newer (on Debian and Ubuntu: `sudo apt-get install python3 python3-venv`)";
const INSTALL_NODE: &str = "install Node.js 20 or newer";

/// Checks the programs that every app needs: the emulator runs on Python, and the CDK on Node.js in every language.
pub(crate) async fn check(paths: &Paths) -> Result<(), StackError> {
    tokio::try_join!(
        tool(paths, "cargo", INSTALL_RUST, "cargo ", "1.85", (1, 85)),
        tool(paths, "python3", INSTALL_PYTHON, "Python ", "3.10", (3, 10)),
        tool(paths, "node", INSTALL_NODE, "v", "20.0", (20, 0)),
    )?;
    Ok(())
}
async fn tool(
    paths: &Paths,
    tool: &'static str,
    fix: &'static str,
    prefix: &str,
    wanted: &'static str,
    minimum: (u32, u32),
) -> Result<(), StackError> {
    let missing = |cause: String| StackError::ToolMissing { tool, cause, fix };
    let said = output(building(tool, paths).arg("--version"))
        .await
        .map_err(|error| missing(error.to_string()))?;
    if !said.status.success() {
        return Err(missing(
            String::from_utf8_lossy(&said.stderr).trim().to_owned(),
        ));
    }
    let found = String::from_utf8_lossy(&said.stdout)
        .trim()
        .trim_start_matches(prefix)
        .to_owned();
    if version(&found) < Some(minimum) {
        return Err(StackError::ToolTooOld {
            tool,
            found,
            wanted,
            fix,
        });
    }
    Ok(())
}

/// Major and minor of "1.95.0 (f2d3ce0bd 2026-03-21)".
fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.split(['.', ' ', '+', '-']).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_versions_as_the_tools_print_them() {
        assert_eq!(version("1.95.0 (f2d3ce0bd 2026-03-21)"), Some((1, 95)));
        assert_eq!(version("3.11.7"), Some((3, 11)));
        assert_eq!(version("3.13.0rc1"), Some((3, 13)));
        assert_eq!(version("unknown"), None);
    }
}
