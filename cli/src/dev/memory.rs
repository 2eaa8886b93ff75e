//! What is remembered of an app between two runs, so that the second one synthesizes it once.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::error::StackError;
use super::paths::Paths;
use super::programs::ProgramOfApp;

/// The ports of the fronts by construct path, and the programs.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Memory {
    #[serde(default)]
    pub(crate) fronts: BTreeMap<String, u16>,
    #[serde(default)]
    pub(crate) programs: Vec<ProgramOfApp>,
}

impl Memory {
    /// Nothing, if there was no earlier run or another release wrote it.
    pub(crate) fn read(paths: &Paths) -> Self {
        let text = std::fs::read(paths.memory()).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    pub(crate) fn write(&self, paths: &Paths) -> Result<(), StackError> {
        let file = paths.memory();
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        std::fs::write(&file, text).map_err(StackError::file(file))
    }
}
