//! A session from its start to its end.

use std::collections::BTreeMap;
use std::time::Instant;

use super::options::SessionOptions;
use super::serving::Serving;
use super::state::Session;
use crate::dev::app::{Assembly, CdkApp};
use crate::dev::converse;
use crate::dev::emulator::{self, Account, Deployed};
use crate::dev::error::StackError;
use crate::dev::fronts::Fronts;
use crate::dev::log::{Log, follow};
use crate::dev::memory::Memory;
use crate::dev::paths::Paths;
use crate::dev::ports::{Listeners, Ports};
use crate::dev::process::Service;
use crate::dev::progress::Progress;
use crate::dev::tools;
use crate::dev::with::{self, Beside};

/// Runs the stack until `ended` (which is no failure), or until a part of it ends by itself (which is one). No child is left
/// either way.
pub(crate) async fn run(
    options: SessionOptions,
    paths: Paths,
    app: CdkApp,
    (listeners, ports): (Listeners, Ports),
    ended: impl Future<Output = ()>,
) -> Result<(), StackError> {
    let started = Instant::now();
    let mut ended = std::pin::pin!(ended);
    paths
        .make()
        .map_err(StackError::file(paths.cdk_out.clone()))?;
    // The outputs of an earlier run would look as if this one were ready.
    let _ = std::fs::remove_file(paths.outputs());
    let memory = Memory::read(&paths);
    let log = Log::new(options.quiet, options.json);
    let mut session = Session {
        progress: Progress::new(options.quiet),
        fronts: Fronts::new(ports, listeners.edge, memory.fronts),
        programs: memory.programs,
        with: Vec::new(),
        converse: String::new(),
        templates: BTreeMap::new(),
        up_to_date: Vec::new(),
        account: Account {
            id: "000000000000".into(),
            region: "us-east-1".into(),
        },
        options,
        paths,
        app,
        ports,
        log,
    };
    let ready = tokio::select! {
        ready = session.start() => ready?,
        () = &mut ended => return Ok(()),
    };
    let Ready {
        emulator,
        mut beside,
        port,
        assembly,
        deployed,
    } = ready;
    session.ports.emulator = port;
    let mut serving = Serving::new(&session, listeners.sign_in, emulator);
    let serve = async {
        serving
            .announce(&mut session, &assembly, &deployed, started)
            .await?;
        serving.until_failure(&mut session).await
    };
    let end = tokio::select! {
        error = beside.failed() => Err(error),
        result = serve => result,
        () = &mut ended => Ok(()),
    };
    if end.is_ok() {
        session.progress.say("Stopping …");
    }
    // `mcp-lambda token` must not take a stack that is gone for a running one.
    let _ = std::fs::remove_file(session.paths.outputs());
    drop(serving.services);
    serving.emulator.stop(emulator::GRACE).await;
    end
}

/// What runs once everything is deployed.
struct Ready {
    emulator: Service,
    beside: Beside,
    /// The port of the emulator.
    port: u16,
    assembly: Assembly,
    deployed: Deployed,
}

impl Session {
    async fn start(&mut self) -> Result<Ready, StackError> {
        tools::check(&self.paths).await?;
        let beside = with::start(&self.options.with, self.ports, &self.paths, &self.log).await?;
        self.with.clone_from(&beside.origins);
        self.converse = converse::start(self.options.model.clone(), self.ports).await?;
        let (paths, progress) = (self.paths.clone(), self.progress);
        let (prepared, ()) = tokio::try_join!(
            self.first_preparation(),
            emulator::prepare(&paths, progress)
        )?;
        for built in &prepared.built {
            built.put_in_place(&self.paths)?;
        }
        self.account = account_of(&prepared.assembly, &self.account)?;
        let start = emulator::start(&self.paths, self.ports.emulator, &self.account);
        let (emulator, port) = self.progress.step("Starting the emulator", start).await?;
        tokio::spawn(follow(self.paths.events(), self.log.clone()));
        let deployed = self.deploy(port, &prepared.assembly).await?;
        Ok(Ready {
            emulator,
            beside,
            port,
            assembly: prepared.assembly,
            deployed,
        })
    }
}

/// The account and region of all stacks: those that they name, or the ones of the emulator.
fn account_of(assembly: &Assembly, default: &Account) -> Result<Account, StackError> {
    let one = |what: &'static str, named: Vec<&String>, default: &String| {
        let mut named = named;
        named.sort_unstable();
        named.dedup();
        match named.as_slice() {
            [] => Ok(default.clone()),
            [one] => Ok((*one).clone()),
            several => Err(StackError::SeveralPlaces {
                what,
                values: several
                    .iter()
                    .map(|name| name.as_str())
                    .collect::<Vec<_>>()
                    .join(", "),
            }),
        }
    };
    let stacks = &assembly.stacks;
    let ids = stacks.iter().filter_map(|stack| stack.account.as_ref());
    let regions = stacks.iter().filter_map(|stack| stack.region.as_ref());
    Ok(Account {
        id: one("accounts", ids.collect(), &default.id)?,
        region: one("Regions", regions.collect(), &default.region)?,
    })
}
