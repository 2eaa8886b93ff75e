//! The programs that the command brings along: the authorization server and the Lambda authorizer.

use std::path::{Path, PathBuf};

use super::cargo;
use super::program::BuildOptions;
use crate::dev::app::CargoProgram;
use crate::dev::error::StackError;
use crate::dev::paths::Paths;
use crate::dev::progress::Progress;

/// The program for this machine: beside the command as a release has it (`programs/<name>/bootstrap`), or built in the
/// checkout that the command was built in.
pub(super) async fn find(
    name: &str,
    options: &BuildOptions,
    paths: &Paths,
    progress: Progress,
) -> Result<PathBuf, StackError> {
    let command = std::env::current_exe().map_err(StackError::file("mcp-lambda"))?;
    let beside = command
        .parent()
        .unwrap_or(Path::new("."))
        .join("programs")
        .join(name)
        .join("bootstrap");
    if beside.exists() {
        return Ok(beside);
    }
    let given = options.checkout.as_deref().into_iter();
    let checkout = given.chain(command.ancestors()).find(|directory| {
        directory
            .join("lambda")
            .join(name)
            .join("Cargo.toml")
            .exists()
    });
    let Some(checkout) = checkout else {
        return Err(StackError::ProgramMissing {
            name: name.to_owned(),
            beside: command,
        });
    };
    let program = CargoProgram {
        directory: checkout.to_owned(),
        package_name: format!("mcp-lambda-{name}"),
        binary_name: name.to_owned(),
    };
    cargo::build(&program, options.release, paths, progress).await
}
