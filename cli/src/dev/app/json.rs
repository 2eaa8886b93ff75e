//! Reads JSON files.

use std::path::Path;

use crate::dev::error::StackError;

/// Reads a JSON file; a mistake in it is named with its position.
pub(super) fn read_json<T: serde::de::DeserializeOwned>(file: &Path) -> Result<T, StackError> {
    let text = std::fs::read(file).map_err(StackError::file(file))?;
    serde_json::from_slice(&text).map_err(|cause| StackError::NotReadable {
        path: file.to_owned(),
        cause,
    })
}
