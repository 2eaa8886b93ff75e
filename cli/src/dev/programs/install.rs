//! Puts a built program where its functions find it.

use std::path::Path;

use crate::dev::error::StackError;

/// Copies the binary to `bootstrap` of the directory in one step, unless it is there already; says whether it was not.
pub(super) fn put_in_place(built: &Path, directory: &Path) -> Result<bool, StackError> {
    let bootstrap = directory.join("bootstrap");
    let new = std::fs::read(built).map_err(StackError::file(built))?;
    if std::fs::read(&bootstrap).is_ok_and(|old| old == new) {
        return Ok(false);
    }
    std::fs::create_dir_all(directory).map_err(StackError::file(directory))?;
    // A function may be starting it at this moment.
    let part = directory.join(format!("{}.part", std::process::id()));
    std::fs::copy(built, &part).map_err(StackError::file(&part))?;
    std::fs::rename(&part, &bootstrap).map_err(StackError::file(&bootstrap))?;
    Ok(true)
}
