//! The emulator's Python environment.

use std::fs::File;
use std::path::Path;

use super::files;
use crate::dev::error::StackError;
use crate::dev::paths::Paths;
use crate::dev::process::{building, step};
use crate::dev::progress::Progress;

/// Writes the emulator's files and creates its Python environment, unless they exist with the same requirements.
///
/// # Errors
///
/// [`StackError::StepFailed`] when Python's `venv` module or pip fails, [`StackError::File`] for files of the project.
pub async fn install(paths: &Paths) -> Result<(), StackError> {
    prepare(paths, Progress::new(true)).await
}

/// The same, with progress output.
pub(crate) async fn prepare(paths: &Paths, progress: Progress) -> Result<(), StackError> {
    files::write(paths)?;
    let requirements = paths.emulator("requirements.txt");
    let wanted = std::fs::read(&requirements).map_err(StackError::file(&requirements))?;
    // Another stack of this project, or a test of it, may begin at the same moment: one installs, the other waits.
    let _lock = lock(&paths.venv.with_extension("lock")).await?;
    // Written last: half an installation does not count.
    let stamp = paths.venv.join("requirements.stamp");
    if std::fs::read(&stamp).is_ok_and(|installed| installed == wanted) && paths.python().exists() {
        return Ok(());
    }
    let install = async {
        step(
            "making the emulator's Python environment",
            "install the venv module (on Debian and Ubuntu: `sudo apt-get install python3-venv`) and run `mcp-lambda dev` again",
            building("python3", paths).args(["-I", "-m", "venv", "--clear"]).arg(&paths.venv),
        )
        .await?;
        step(
            "installing the emulator",
            "check that pip can reach its package index (a network, and the settings of a proxy), then run `mcp-lambda dev` again",
            building(paths.python(), paths)
                .args([
                    "-I",
                    "-m",
                    "pip",
                    "install",
                    "--quiet",
                    "--disable-pip-version-check",
                    "--require-hashes",
                    "--requirement",
                ])
                .arg(&requirements),
        )
        .await
    };
    progress.step("Installing the emulator", install).await?;
    std::fs::write(&stamp, wanted).map_err(StackError::file(&stamp))
}

/// Waits for the lock on `file`, which the operating system releases when a process ends in any way.
async fn lock(file: &Path) -> Result<File, StackError> {
    let path = file.to_owned();
    let waiting = tokio::task::spawn_blocking(move || {
        if let Some(directory) = path.parent() {
            std::fs::create_dir_all(directory)?;
        }
        let lock = File::create(path)?;
        lock.lock()?;
        Ok(lock)
    });
    waiting
        .await
        .unwrap_or_else(|cause| Err(std::io::Error::other(cause)))
        .map_err(StackError::file(file))
}
