//! Keeps the heads of the chains, so that a later run finds a truncated end.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The last record of each chain that a run has verified.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// By the chain.
    pub chains: BTreeMap<String, Head>,
}

/// The last record of a chain.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Its position.
    pub sequence: u64,
    /// Its digest.
    pub digest: String,
    /// When it was written.
    pub time: String,
}

/// Why a checkpoint cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The file is no checkpoint.
    #[error("the checkpoint {} cannot be read: {reason}; give the file of an earlier run, or a new name", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// The reason.
        reason: String,
    },
    /// The file cannot be written.
    #[error("the checkpoint {} cannot be written: {reason}", file.display())]
    NotWritten {
        /// The file.
        file: PathBuf,
        /// The reason.
        reason: std::io::Error,
    },
}

impl Checkpoint {
    /// That of an earlier run; an empty one if there is no such file yet.
    ///
    /// # Errors
    ///
    /// [`CheckpointError::Unreadable`].
    pub fn read(file: &Path) -> Result<Self, CheckpointError> {
        let unreadable = |reason: String| CheckpointError::Unreadable {
            file: file.to_owned(),
            reason,
        };
        match std::fs::read(file) {
            Ok(content) => {
                serde_json::from_slice(&content).map_err(|error| unreadable(error.to_string()))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(unreadable(error.to_string())),
        }
    }

    /// Replaces the file as a whole.
    ///
    /// # Errors
    ///
    /// [`CheckpointError::NotWritten`].
    pub fn write(&self, file: &Path) -> Result<(), CheckpointError> {
        let mut part = file.as_os_str().to_owned();
        part.push(".part");
        let content = serde_json::to_vec_pretty(self).unwrap_or_default();
        std::fs::write(&part, content)
            .and_then(|()| std::fs::rename(&part, file))
            .map_err(|reason| CheckpointError::NotWritten {
                file: file.to_owned(),
                reason,
            })
    }
}
