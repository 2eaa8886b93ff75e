//! Synthesizes an app and builds its programs, until both agree.

use std::path::Path;

use super::state::Session;
use crate::dev::app::Assembly;
use crate::dev::error::StackError;
use crate::dev::programs::{self, Built, ProgramOfApp};

/// A synthesized app whose fronts are known, with its programs built.
pub(super) struct Prepared {
    pub(super) assembly: Assembly,
    pub(super) built: Vec<Built>,
}

impl Session {
    /// Builds the programs that are known from an earlier run, and synthesizes the app. An app that cannot be synthesized
    /// because a contract is old or missing can be when the servers of its Cargo project have printed theirs.
    pub(super) async fn first_preparation(&mut self) -> Result<Prepared, StackError> {
        let programs = self.programs.clone();
        // What an earlier app had may be gone by now.
        let known = programs.into_iter().filter(still_there);
        let mut built = Vec::new();
        for program in known {
            built.push(self.build(&program).await?);
        }
        let assembly = match self.synthesize().await {
            Ok(assembly) => assembly,
            Err(error) if may_be_of_a_contract(&error) => {
                let printed = self.print_contracts(&error.to_string()).await;
                // What the app says may be the cause of it all, or follow from a server that has no contract yet.
                if printed.is_err() {
                    self.progress.say(&error.to_string());
                }
                if !printed? {
                    return Err(error);
                }
                self.synthesize().await?
            }
            Err(error) => return Err(error),
        };
        let prepared = self.prepare(assembly, built).await?;
        self.checked(prepared)
    }

    /// Builds every server of the app's Cargo project, which prints its contract. Says whether a contract has changed. A server
    /// without a contract gets one only if the app has `said` that it needs it.
    async fn print_contracts(&self, said: &str) -> Result<bool, StackError> {
        let mut changed = false;
        let root = &self.app.root;
        for program in programs::discover(root, &self.paths).await {
            if !program
                .contracts
                .iter()
                .all(|contract| contract.exists() || names(said, contract, root))
            {
                continue;
            }
            changed |= !self.build(&program).await?.contract_changes.is_empty();
        }
        Ok(changed)
    }

    pub(super) fn checked(&self, prepared: Prepared) -> Result<Prepared, StackError> {
        let Assembly {
            servers,
            playgrounds,
            ..
        } = &prepared.assembly;
        if servers.is_empty() && playgrounds.is_empty() {
            return Err(StackError::NoServer {
                root: self.app.root.clone(),
            });
        }
        Ok(prepared)
    }

    /// Synthesizes the app again, after `assembly`, until its fronts have addresses and its servers' contracts are those of their
    /// programs. `built` are the programs that are up to date.
    pub(super) async fn prepare(
        &mut self,
        mut assembly: Assembly,
        mut built: Vec<Built>,
    ) -> Result<Prepared, StackError> {
        loop {
            let mut complete = self.fronts.assign(&assembly).await?;
            let programs = programs::of_app(&assembly);
            for program in &programs {
                if self.up_to_date.contains(program) || built.iter().any(|each| each.is(program)) {
                    continue;
                }
                let new = self.build(program).await?;
                complete &= new.contract_changes.is_empty();
                built.push(new);
            }
            self.programs = programs;
            if complete {
                let new = programs_of(&built).filter(|new| !self.up_to_date.contains(new));
                let new: Vec<ProgramOfApp> = new.cloned().collect();
                self.up_to_date.extend(new);
                return Ok(Prepared { assembly, built });
            }
            assembly = self.synthesize().await?;
        }
    }
}

fn programs_of(built: &[Built]) -> impl Iterator<Item = &ProgramOfApp> {
    built.iter().map(Built::program)
}

/// Whether the app has said the path of this contract, which it may write from its own directory on.
fn names(said: &str, contract: &Path, root: &Path) -> bool {
    let relative = contract.strip_prefix(root).unwrap_or(contract);
    [contract, relative]
        .iter()
        .any(|path| said.contains(&format!("contract file {} ", path.display())))
}

/// Whether an old or missing contract can be the cause: the constructs have refused something, which they end with its name in
/// parentheses. Only their refusals of context keys have nothing to do with servers.
fn may_be_of_a_contract(error: &StackError) -> bool {
    let StackError::StepFailed { said, .. } = error else {
        return false;
    };
    let mut names = said.split('(').skip(1).filter_map(|rest| {
        let (name, _) = rest.split_once(')')?;
        let is_name = name.starts_with(|first: char| first.is_ascii_uppercase())
            && name.chars().all(|each| each.is_ascii_alphanumeric());
        is_name.then_some(name)
    });
    names.any(|name| !name.starts_with("Context"))
}

/// Whether a program of an earlier run can still be built.
fn still_there(program: &ProgramOfApp) -> bool {
    let cargo = program.cargo.as_ref();
    cargo.is_none_or(|cargo| cargo.directory.join("Cargo.toml").exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_gets_its_first_contract_only_where_the_app_asks_for_it() {
        let root = Path::new("/app");
        let contract = Path::new("/app/server/contract.json");
        for said in [
            "contract file server/contract.json does not exist",
            "contract file /app/server/contract.json does not exist",
        ] {
            assert!(names(said, contract, root), "{said}");
        }
        for said in [
            "contract file other/contract.json does not exist",
            "server/contract.json",
        ] {
            assert!(!names(said, contract, root), "{said}");
        }
    }

    #[test]
    fn servers_print_their_contracts_only_where_the_constructs_refused_something() {
        let failed = |said: &str| StackError::StepFailed {
            step: "synthesizing the app",
            status: "exit status: 1".into(),
            fix: "fix it".into(),
            said: said.into(),
        };
        for said in [
            "Error: contract file contract.json does not exist: print it (ContractFileMissing)\n    at synthError (lib/x.js:1)",
            "Error: scope sell is none of the contract's (ScopeUnknown)",
        ] {
            assert!(may_be_of_a_contract(&failed(said)), "{said}");
        }
        for said in [
            "sh: 1: nope: not found",
            "Error: context authorization=nope needs one of server, cognito (ContextInvalid)\n    at complaint (app.ts:1:2)",
            "TypeError: x is not a function\n    at Object.<anonymous> (app.ts:3:1)",
        ] {
            assert!(!may_be_of_a_contract(&failed(said)), "{said}");
        }
    }
}
