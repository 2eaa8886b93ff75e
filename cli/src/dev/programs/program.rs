//! The programs of an app.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::dev::app::{Assembly, CargoProgram};

/// How programs are built.
#[derive(Debug, Clone, Default)]
pub(crate) struct BuildOptions {
    pub(crate) release: bool,
    /// The checkout of this repository, where the command's own programs are built.
    pub(crate) checkout: Option<PathBuf>,
}

/// A program of the app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ProgramOfApp {
    /// The name of its directory.
    pub(crate) name: String,
    pub(crate) bundled: Option<String>,
    pub(crate) cargo: Option<CargoProgram>,
    /// The contract files of the servers that it is.
    pub(crate) contracts: Vec<PathBuf>,
}

impl ProgramOfApp {
    /// The binary, for a person.
    pub(crate) fn label(&self) -> &str {
        let cargo = self.cargo.as_ref();
        cargo.map_or(&self.name, |cargo| cargo.binary_name.as_str())
    }
}

/// The programs of a synthesized app, each once.
pub(crate) fn of_app(assembly: &Assembly) -> Vec<ProgramOfApp> {
    let mut programs: BTreeMap<&str, ProgramOfApp> = BTreeMap::new();
    for entry in &assembly.programs {
        let program = programs
            .entry(&entry.record.name)
            .or_insert_with(|| ProgramOfApp {
                name: entry.record.name.clone(),
                bundled: entry.record.bundled.clone(),
                cargo: entry.record.cargo.clone(),
                contracts: Vec::new(),
            });
        let servers = assembly
            .servers
            .iter()
            .filter(|server| entry.runs(&server.construct));
        for contract in servers.filter_map(|server| server.record.contract.as_ref()) {
            if !program.contracts.contains(contract) {
                program.contracts.push(contract.clone());
            }
        }
    }
    programs.into_values().collect()
}
