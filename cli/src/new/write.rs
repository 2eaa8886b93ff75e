//! The files of a new project, written into a folder that is new or empty: all of them, or none.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Why the files are not there.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The folder has something in it.
    #[error(
        "{folder} is not empty (it has {entry}): name a folder that is new or empty, or move what is in it",
        folder = folder.display()
    )]
    NotEmpty {
        /// The folder.
        folder: PathBuf,
        /// One of its entries.
        entry: String,
    },
    /// A path cannot be read or written.
    #[error("{path} cannot be written ({cause}): choose a folder that you may write to", path = path.display())]
    Io {
        /// The path.
        path: PathBuf,
        /// What the operating system said.
        cause: io::Error,
    },
}

/// Writes `files`, by their paths in `folder`.
pub(super) fn write(files: &[(&str, String)], folder: &Path) -> Result<(), WriteError> {
    let existed = check(folder)?;
    write_all(files, folder).inspect_err(|_| undo(folder, existed))
}

/// Whether the folder is there; if it is, it is empty.
fn check(folder: &Path) -> Result<bool, WriteError> {
    match fs::read_dir(folder) {
        Ok(mut entries) => match entries.next() {
            None => Ok(true),
            Some(entry) => {
                let entry = entry.map_err(|cause| failed(folder, cause))?;
                Err(WriteError::NotEmpty {
                    folder: folder.to_owned(),
                    entry: entry.file_name().to_string_lossy().into_owned(),
                })
            }
        },
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(cause) => Err(failed(folder, cause)),
    }
}

fn write_all(files: &[(&str, String)], folder: &Path) -> Result<(), WriteError> {
    for (path, content) in files {
        let path = folder.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(|cause| failed(parent, cause))?;
        }
        fs::write(&path, content).map_err(|cause| failed(&path, cause))?;
    }
    Ok(())
}

/// Removes what was written. The error that led here is the one to report.
fn undo(folder: &Path, existed: bool) {
    if !existed {
        let _ = fs::remove_dir_all(folder);
        return;
    }
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let _ = if path.is_dir() {
            fs::remove_dir_all(path)
        } else {
            fs::remove_file(path)
        };
    }
}

fn failed(path: &Path, cause: io::Error) -> WriteError {
    WriteError::Io {
        path: path.to_owned(),
        cause,
    }
}
