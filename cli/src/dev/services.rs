//! The servers with `McpCompute.fargate`: each runs as two processes of the HTTP service, which take turns as the tasks behind a load
//! balancer do. A process that ends is replaced.

mod process;
mod supervisor;

use std::collections::BTreeMap;
use std::path::Path;

use super::app::{Assembly, Entry, Service};
use super::edge::Pool;
use super::emulator::{Container, Deployed};
use super::error::StackError;
use super::log::Log;
use super::paths::Paths;
use super::ports::origin;
use process::Start;
use supervisor::Supervisor;

/// Processes of a service.
const PROCESSES: usize = 2;

/// The running services, by construct path. Their processes end when this is dropped.
pub(crate) struct Services {
    paths: Paths,
    log: Log,
    region: String,
    /// The port of the emulator.
    emulator: u16,
    running: BTreeMap<String, Running>,
}

struct Running {
    container: Container,
    pool: Pool,
    processes: Vec<Supervisor>,
}

impl Services {
    pub(crate) fn new(paths: Paths, log: Log, region: String, emulator: u16) -> Self {
        Self {
            paths,
            log,
            region,
            emulator,
            running: BTreeMap::new(),
        }
    }

    /// The services below a front, by the path of their MCP endpoint.
    pub(crate) fn of_front(&self, assembly: &Assembly, front: &str) -> BTreeMap<String, Pool> {
        let services = assembly.services.iter();
        let services = services.filter(|service| service.record.front == front);
        services
            .filter_map(|service| {
                let running = self.running.get(&service.construct)?;
                Some((service.record.path.clone(), running.pool.clone()))
            })
            .collect()
    }

    /// Starts what a deployment has made or changed, and ends what is gone.
    pub(crate) async fn adopt(
        &mut self,
        assembly: &Assembly,
        deployed: &Deployed,
    ) -> Result<(), StackError> {
        let is_there = |construct: &String| {
            let mut services = assembly.services.iter();
            services.any(|service| service.construct == *construct)
        };
        self.running.retain(|construct, _| is_there(construct));
        for service in &assembly.services {
            let Entry {
                construct, stack, ..
            } = service;
            let Service {
                task_definition, ..
            } = &service.record;
            let container = deployed.container(stack, task_definition);
            let container = container.ok_or_else(|| StackError::Incomplete {
                missing: format!("container of {construct}"),
            })?;
            let running = self.running.get(construct);
            if running.is_none_or(|running| running.container != *container) {
                self.start(construct, container.clone()).await?;
            }
        }
        Ok(())
    }

    /// Starts the services of a program anew, which was built again.
    pub(crate) async fn restart(&mut self, program: &Path) -> Result<(), StackError> {
        let running = self.running.iter();
        let stale = running.filter(|(_, running)| running.container.program == program);
        let stale: Vec<(String, Container)> = stale
            .map(|(construct, running)| (construct.clone(), running.container.clone()))
            .collect();
        for (construct, container) in stale {
            self.start(&construct, container).await?;
        }
        Ok(())
    }

    /// Starts the processes of a service; once they are ready, those from before end in order.
    async fn start(&mut self, construct: &str, container: Container) -> Result<(), StackError> {
        let pool = match self.running.get(construct) {
            Some(running) => running.pool.clone(),
            None => Pool::default(),
        };
        let start = Start {
            service: construct.to_owned(),
            program: container.program.clone(),
            environment: self.environment(&container),
            paths: self.paths.clone(),
            log: self.log.clone(),
        };
        let mut processes = Vec::new();
        for _ in 0..PROCESSES {
            processes.push(Supervisor::start(start.clone(), pool.clone()));
        }
        for process in &mut processes {
            process.ready().await?;
        }
        let new = Running {
            container,
            pool,
            processes,
        };
        if let Some(before) = self.running.insert(construct.to_owned(), new) {
            for process in before.processes {
                process.end();
            }
        }
        Ok(())
    }

    /// The settings of the container, and what Amazon ECS would give it.
    fn environment(&self, container: &Container) -> BTreeMap<String, String> {
        let aws = [
            ("AWS_REGION", self.region.clone()),
            ("AWS_ENDPOINT_URL", origin(self.emulator)),
            ("AWS_ACCESS_KEY_ID", "test".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
        ];
        let aws = aws.map(|(name, value)| (name.to_owned(), value));
        container
            .environment
            .clone()
            .into_iter()
            .chain(aws)
            .collect()
    }
}
