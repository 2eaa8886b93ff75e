//! The running servers of a session, and their updates.

use std::io::Write;
use std::time::Instant;

use tokio::net::TcpListener;

use super::state::Session;
use crate::dev::announcement;
use crate::dev::app::Assembly;
use crate::dev::edge::{LoopbackHost, Upstream};
use crate::dev::emulator::Deployed;
use crate::dev::error::StackError;
use crate::dev::log::Functions;
use crate::dev::process::Service;
use crate::dev::serve::serve;
use crate::dev::services::Services;
use crate::dev::sign_in;
use crate::dev::watch::{Change, Watch, WatchedSources};

/// What runs.
pub(super) struct Serving {
    pub(super) emulator: Service,
    upstream: Upstream,
    pub(super) services: Services,
}

impl Serving {
    /// Serves the sign-in pages.
    pub(super) fn new(session: &Session, sign_in: TcpListener, emulator: Service) -> Self {
        let upstream = Upstream::at(session.ports.emulator);
        let port = session.ports.sign_in;
        let pages = sign_in::SignIn::new(upstream.clone(), port);
        serve(sign_in, sign_in::app(pages, LoopbackHost::new(port)));
        let services = Services::new(
            session.paths.clone(),
            session.log.clone(),
            session.account.region.clone(),
            session.ports.emulator,
        );
        Self {
            emulator,
            upstream,
            services,
        }
    }

    /// Leads the fronts to a deployment, and writes its outputs.
    pub(super) async fn adopt(
        &mut self,
        session: &mut Session,
        assembly: &Assembly,
        deployed: &Deployed,
    ) -> Result<announcement::Outputs, StackError> {
        session.log.functions(functions(assembly, deployed));
        self.services.adopt(assembly, deployed).await?;
        session.fronts.lead_to(
            assembly,
            (deployed, &self.services),
            &self.upstream,
            &session.account.region,
            &session.log,
        )?;
        session.write_outputs(assembly, deployed)
    }

    /// The same for the first deployment, with the block for people.
    pub(super) async fn announce(
        &mut self,
        session: &mut Session,
        assembly: &Assembly,
        deployed: &Deployed,
        started: Instant,
    ) -> Result<(), StackError> {
        let outputs = self.adopt(session, assembly, deployed).await?;
        if session.log.is_json() {
            let text = serde_json::to_string(&outputs).unwrap_or_default();
            session.log.say("ready", &text);
            return Ok(());
        }
        let block = announcement::block(&outputs, session.ports, started.elapsed().as_secs_f32());
        // A closed standard output does not stop the stack.
        let _ = std::io::stdout().write_all(block.as_bytes());
        Ok(())
    }

    /// Brings up to date what changes, until the emulator ends.
    pub(super) async fn until_failure(&mut self, session: &mut Session) -> Result<(), StackError> {
        let mut watch = if session.options.watch {
            watching(session).await
        } else {
            None
        };
        let mut change = Change::default();
        loop {
            let next = async {
                match &mut watch {
                    Some(watch) => watch.next().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                status = self.emulator.ended() => {
                    let log = session.paths.emulator_log();
                    return Err(StackError::EmulatorEnded { status, log });
                }
                new = next => change.add(new),
            };
            // What failed is tried again with the next change.
            if !self.bring_up_to_date(session, &change).await {
                continue;
            }
            let moved =
                change.stacks || change.files.iter().any(|file| file.ends_with("Cargo.toml"));
            change = Change::default();
            if let Some(watch) = watch.as_mut().filter(|_| moved)
                && let Err(cause) = watch.update(sources_of(session).await)
            {
                let line = format!("new files are not watched: {cause}");
                session.log.say("watch", &line);
            }
        }
    }
}

/// The running watch; None with a message when the machine has none.
async fn watching(session: &Session) -> Option<Watch> {
    match Watch::start(sources_of(session).await) {
        Ok(watch) => Some(watch),
        Err(cause) => {
            let line = format!(
                "files are not watched ({cause}): raise the limit of the system (on Linux: fs.inotify.max_user_watches), or start again after a change"
            );
            session.log.say("watch", &line);
            None
        }
    }
}

async fn sources_of(session: &Session) -> WatchedSources {
    let mut sources = WatchedSources {
        root: session.app.root.clone(),
        ..WatchedSources::default()
    };
    for program in &session.programs {
        sources.contracts.extend(program.contracts.iter().cloned());
        if let Some(cargo) = &program.cargo {
            let of_program = crate::dev::programs::sources(cargo, &session.paths).await;
            sources.programs.insert(program.name.clone(), of_program);
        }
    }
    sources
}

/// The names in the log.
fn functions(assembly: &Assembly, deployed: &Deployed) -> Functions {
    let mut functions = Functions::default();
    for program in &assembly.programs {
        let name = program.record.function_name.as_ref();
        let Some(name) = name.and_then(|name| deployed.value(&program.stack, name)) else {
            continue;
        };
        let server = assembly
            .servers
            .iter()
            .find(|server| program.runs(&server.construct));
        match server {
            Some(server) => functions.servers.insert(name, server.record.name.clone()),
            None => functions.own.insert(name).then(String::new),
        };
    }
    for service in &assembly.services {
        let server = assembly.servers.iter();
        let mut server = server.filter(|server| server.construct == service.construct);
        let name = server.next().map(|server| server.record.name.clone());
        let name = name.unwrap_or_else(|| service.construct.clone());
        functions.servers.insert(service.construct.clone(), name);
    }
    for client in &assembly.machine_clients {
        if let Some(id) = deployed.value(&client.stack, &client.record.client_id) {
            let name = client.construct.rsplit('/').next().unwrap_or_default();
            functions.clients.insert(id, name.to_owned());
        }
    }
    functions
}
