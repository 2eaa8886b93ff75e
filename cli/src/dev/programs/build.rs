//! Builds a program of an app and keeps its contract.

use std::path::{Path, PathBuf};

use super::program::{BuildOptions, ProgramOfApp};
use super::{bundled, cargo, contract, install};
use crate::dev::error::StackError;
use crate::dev::paths::Paths;
use crate::dev::progress::Progress;

/// A built program, whose contract files are up to date.
#[derive(Debug)]
pub(crate) struct Built {
    program: ProgramOfApp,
    binary: PathBuf,
    /// What is new in its contract: one line each. The stacks are then no longer up to date.
    pub(crate) contract_changes: Vec<String>,
}

impl Built {
    /// Puts it where its functions find it; says whether it is another than before.
    pub(crate) fn put_in_place(&self, paths: &Paths) -> Result<bool, StackError> {
        install::put_in_place(&self.binary, &paths.programs.join(&self.program.name))
    }

    /// Where its functions and services find it.
    pub(crate) fn bootstrap(&self, paths: &Paths) -> PathBuf {
        paths.programs.join(&self.program.name).join("bootstrap")
    }

    /// The binary, for a person.
    pub(crate) fn label(&self) -> &str {
        self.program.label()
    }

    pub(crate) fn program(&self) -> &ProgramOfApp {
        &self.program
    }

    /// Whether it is this program, with the same contract files.
    pub(crate) fn is(&self, program: &ProgramOfApp) -> bool {
        self.program == *program
    }
}

/// Builds a program and brings its contract files up to date. A wrong contract changes nothing.
pub(crate) async fn build(
    program: &ProgramOfApp,
    options: &BuildOptions,
    paths: &Paths,
    progress: Progress,
) -> Result<Built, StackError> {
    let binary = match (&program.cargo, &program.bundled) {
        (Some(cargo), _) => cargo::build(cargo, options.release, paths, progress).await?,
        (None, bundled) => {
            let name = bundled.as_ref().unwrap_or(&program.name);
            bundled::find(name, options, paths, progress).await?
        }
    };
    let mut contract_changes = Vec::new();
    if !program.contracts.is_empty() {
        let printed = contract::print(&binary, program.label(), paths).await?;
        for file in &program.contracts {
            contract_changes.extend(contract::refresh(file, &printed)?);
        }
    }
    Ok(Built {
        program: program.clone(),
        binary,
        contract_changes,
    })
}

/// The servers of a Cargo project whose contract file is beside their manifest, where nothing else says which there are.
pub(crate) async fn discover(root: &Path, paths: &Paths) -> Vec<ProgramOfApp> {
    let packages = cargo::servers(root, paths).await.unwrap_or_default();
    let programs = packages.into_iter().map(|(cargo, contract)| ProgramOfApp {
        name: format!("{}-discovered", cargo.binary_name),
        bundled: None,
        cargo: Some(cargo),
        contracts: vec![contract],
    });
    programs.collect()
}
