//! The state of a session, and its single steps.

use std::collections::BTreeMap;

use super::options::SessionOptions;
use crate::dev::announcement;
use crate::dev::app::{Assembly, CdkApp, LocalMode};
use crate::dev::emulator::{self, Account, Deployed};
use crate::dev::error::StackError;
use crate::dev::fronts::Fronts;
use crate::dev::log::Log;
use crate::dev::memory::Memory;
use crate::dev::paths::Paths;
use crate::dev::ports::{Ports, origin};
use crate::dev::programs::{self, Built, ProgramOfApp};
use crate::dev::progress::Progress;

/// Everything but what runs.
pub(super) struct Session {
    pub(super) options: SessionOptions,
    pub(super) paths: Paths,
    pub(super) app: CdkApp,
    pub(super) ports: Ports,
    pub(super) fronts: Fronts,
    /// The origins of the programs of `--with`.
    pub(super) with: Vec<String>,
    /// The origin of Bedrock's Converse.
    pub(super) converse: String,
    pub(super) account: Account,
    pub(super) programs: Vec<ProgramOfApp>,
    /// The programs that a build of this session has made; a change of their sources builds them again.
    pub(super) up_to_date: Vec<ProgramOfApp>,
    /// The templates that are deployed, by stack.
    pub(super) templates: BTreeMap<String, Vec<u8>>,
    pub(super) progress: Progress,
    pub(super) log: Log,
}

impl Session {
    pub(super) async fn synthesize(&self) -> Result<Assembly, StackError> {
        let (fronts, new_fronts) = self.fronts.origins();
        let local = LocalMode {
            fronts,
            new_fronts,
            sign_in_url: origin(self.ports.sign_in),
            programs: self.paths.programs.clone(),
            model_url: self.converse.clone(),
            callback_port: self.ports.free.then_some(self.ports.callback),
            with: self.with.clone(),
        };
        let account = (self.account.id.as_str(), self.account.region.as_str());
        let synthesis = self
            .app
            .synthesize(&self.paths, &self.paths.cdk_out, &local, account);
        self.progress.step("Synthesizing the app", synthesis).await
    }

    /// Builds a program and says what is new in its contract.
    pub(super) async fn build(&self, program: &ProgramOfApp) -> Result<Built, StackError> {
        let built =
            programs::build(program, &self.options.build, &self.paths, self.progress).await?;
        for line in &built.contract_changes {
            self.log.say(
                "contract",
                &format!("contract of {}: {line}", built.label()),
            );
        }
        Ok(built)
    }

    pub(super) async fn deploy(
        &mut self,
        port: u16,
        assembly: &Assembly,
    ) -> Result<Deployed, StackError> {
        let deployment = emulator::deploy(&self.paths, port, &self.account, assembly);
        let deployed = self
            .progress
            .step("Deploying the stacks", deployment)
            .await?;
        self.templates = templates_of(assembly)?;
        Ok(deployed)
    }

    /// Writes the outputs for programs, and what the next run should know.
    pub(super) fn write_outputs(
        &self,
        assembly: &Assembly,
        deployed: &Deployed,
    ) -> Result<announcement::Outputs, StackError> {
        let outputs = announcement::outputs(
            assembly,
            deployed,
            self.ports,
            &self.account.region,
            &self.options.model.description(),
        );
        announcement::write(&outputs, &self.paths.outputs())?;
        if let Some(file) = &self.options.outputs_file {
            announcement::write(&outputs, file)?;
        }
        let memory = Memory {
            fronts: self.fronts.assigned().clone(),
            programs: self.programs.clone(),
        };
        memory.write(&self.paths)?;
        Ok(outputs)
    }
}

/// The templates of the stacks.
pub(super) fn templates_of(assembly: &Assembly) -> Result<BTreeMap<String, Vec<u8>>, StackError> {
    let templates = assembly.stacks.iter().map(|stack| {
        let file = stack.directory.join(&stack.template);
        let template = std::fs::read(&file).map_err(StackError::file(file))?;
        Ok((stack.name.clone(), template))
    });
    templates.collect()
}
