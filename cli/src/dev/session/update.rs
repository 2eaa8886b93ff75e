//! Brings a running stack up to date after a change of its sources.

use std::path::PathBuf;
use std::time::Instant;

use super::serving::Serving;
use super::state::{Session, templates_of};
use crate::dev::error::StackError;
use crate::dev::programs::Built;
use crate::dev::watch::Change;

impl Serving {
    /// Builds, synthesizes and deploys what has changed. If that fails, the message says why, what ran before goes on, and the
    /// next change brings everything up to date. Says whether it succeeded.
    pub(super) async fn bring_up_to_date(
        &mut self,
        session: &mut Session,
        change: &Change,
    ) -> bool {
        let started = Instant::now();
        let files = listed(session, change);
        match self.update(session, change).await {
            Ok(done) => {
                if !done.is_empty() {
                    let seconds = started.elapsed().as_secs_f32();
                    let done = done.join(", ");
                    let line = format!("{files} changed: {done} in {seconds:.1} s");
                    session.log.say("changed", &line);
                }
                true
            }
            Err(error) => {
                let line = format!("{files} changed, and what ran before goes on: {error}");
                session.log.say("error", &line);
                false
            }
        }
    }

    /// What was done, in words.
    async fn update(
        &mut self,
        session: &mut Session,
        change: &Change,
    ) -> Result<Vec<String>, StackError> {
        let mut built: Vec<Built> = Vec::new();
        for program in session.programs.clone() {
            if change.programs.contains(&program.name) {
                built.push(session.build(&program).await?);
            }
        }
        let mut done = Vec::new();
        let mut updated = false;
        if change.stacks || built.iter().any(|each| !each.contract_changes.is_empty()) {
            let assembly = session.synthesize().await?;
            let prepared = session.prepare(assembly, built).await?;
            if templates_of(&prepared.assembly)? != session.templates {
                let deployed = session
                    .deploy(session.ports.emulator, &prepared.assembly)
                    .await?;
                self.adopt(session, &prepared.assembly, &deployed).await?;
                updated = true;
            }
            built = prepared.built;
        }
        for program in &built {
            if program.put_in_place(&session.paths)? {
                let bootstrap = program.bootstrap(&session.paths);
                self.services.restart(&bootstrap).await?;
                done.push(format!("{} rebuilt", program.label()));
            }
        }
        if updated {
            done.push("stacks updated".to_owned());
        }
        Ok(done)
    }
}

/// The first changed files. An editor's files that are gone already count only if there is no other.
fn listed(session: &Session, change: &Change) -> String {
    let there = |file: &&PathBuf| session.app.root.join(file).exists();
    let some_are_there = change.files.iter().any(|file| there(&file));
    let files: Vec<String> = change
        .files
        .iter()
        .filter(|file| there(file) || !some_are_there)
        .map(|file| file.display().to_string())
        .collect();
    match files.as_slice() {
        [first, second, third, _, ..] => format!("{first}, {second}, {third} and others"),
        all => all.join(", "),
    }
}
