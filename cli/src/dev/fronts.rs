//! The fronts of the app: the port, the listener and the REST APIs of each.

use std::collections::BTreeMap;

use tokio::net::TcpListener;

use super::app::Assembly;
use super::edge::{self, LoopbackHost, Origin, Routes, Upstream};
use super::emulator::Deployed;
use super::error::StackError;
use super::log::Log;
use super::ports::{Ports, bind, next_port, origin, port_of};
use super::serve::serve;
use super::services::Services;

/// The fronts by the path of their construct.
pub(crate) struct Fronts {
    ports: Ports,
    /// The port of each front that was ever there.
    assigned: BTreeMap<String, u16>,
    /// Listeners that wait for a deployment, by port.
    waiting: BTreeMap<u16, TcpListener>,
    served: BTreeMap<u16, Origin>,
}

impl Fronts {
    /// `first` listens for the first front; `remembered` are the ports of earlier runs.
    pub(crate) fn new(ports: Ports, first: TcpListener, remembered: BTreeMap<String, u16>) -> Self {
        Self {
            ports,
            assigned: remembered,
            waiting: [(ports.edge, first)].into(),
            served: BTreeMap::new(),
        }
    }

    /// The ports by construct path.
    pub(crate) fn assigned(&self) -> &BTreeMap<String, u16> {
        &self.assigned
    }

    /// The origins by construct path, and those of fronts that have none yet.
    pub(crate) fn origins(&self) -> (BTreeMap<String, String>, Vec<String>) {
        let known = self.assigned.iter();
        let known = known.map(|(path, port)| (path.clone(), origin(*port)));
        let first_is_free = !self.assigned.values().any(|port| *port == self.ports.edge);
        let new = first_is_free.then(|| origin(self.ports.edge));
        (known.collect(), new.into_iter().collect())
    }

    /// Gives every front of the app a port. False when the app has to be synthesized again, because it did not know one.
    pub(crate) async fn assign(&mut self, assembly: &Assembly) -> Result<bool, StackError> {
        let edge = self.ports.edge;
        let Some(first) = assembly.fronts.first() else {
            return Ok(true);
        };
        let mut fronts = assembly.fronts.iter();
        let Some(at_edge) = fronts.find(|front| front.record.origin == origin(edge)) else {
            // The front that had the first port is gone: the first one gets it.
            self.assigned
                .retain(|path, port| *port != edge && *path != first.construct);
            return Ok(false);
        };
        let path = at_edge.construct.clone();
        self.assigned.entry(path).or_insert(edge);
        let mut all_known = true;
        for front in &assembly.fronts {
            let path = &front.construct;
            let wanted = self.assigned.get(path).copied();
            if wanted.is_some_and(|port| self.listens(port)) {
                continue;
            }
            all_known &= wanted.is_some();
            let wanted = wanted.unwrap_or_else(|| next_port(self.ports, &self.assigned));
            let listener = bind(wanted, &format!("front of {path}"), edge).await?;
            let port = port_of(&listener)?;
            self.assigned.insert(path.clone(), port);
            self.waiting.insert(port, listener);
        }
        Ok(all_known)
    }

    fn listens(&self, port: u16) -> bool {
        self.waiting.contains_key(&port) || self.served.contains_key(&port)
    }

    /// Leads every front to the REST APIs and services of a deployment.
    pub(crate) fn lead_to(
        &mut self,
        assembly: &Assembly,
        (deployed, services): (&Deployed, &Services),
        upstream: &Upstream,
        region: &str,
        log: &Log,
    ) -> Result<(), StackError> {
        let missing = |construct: &str| StackError::Incomplete {
            missing: format!("REST API of {construct} with a readable id"),
        };
        for front in &assembly.fronts {
            let path = &front.construct;
            let root = deployed
                .value(&front.stack, &front.record.api)
                .ok_or_else(|| missing(path))?;
            let routes = assembly.routes.iter();
            let routes = routes
                .filter(|route| route.record.front == *path)
                .map(|route| {
                    let api = deployed.value(&route.stack, &route.record.api);
                    let api = api.ok_or_else(|| missing(&route.construct))?;
                    Ok((route.record.path.clone(), api))
                });
            let routes = Routes {
                root,
                paths: routes.collect::<Result<_, StackError>>()?,
                has_page: front.record.has_page,
                services: services.of_front(assembly, path),
            };
            let Some(port) = self.assigned.get(path).copied() else {
                continue;
            };
            if let Some(served) = self.served.get(&port) {
                served.lead_to(&routes);
            } else if let Some(listener) = self.waiting.remove(&port) {
                let origin = Origin::new(upstream.clone(), region, &routes)
                    .ok_or_else(|| missing(path))?
                    .with_log(log.clone());
                self.served.insert(port, origin.clone());
                serve(listener, edge::app(origin, LoopbackHost::new(port)));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use serde_json::json;

    use super::*;
    use crate::dev::app::Entry;

    /// What an app with these fronts says, as `cdk/lib/private/local-mode.ts` finds their origins.
    fn synthesized(fronts: &Fronts, paths: &[&str]) -> Assembly {
        let (known, new) = fronts.origins();
        let mut new = new.into_iter();
        let entries = paths.iter().map(|path| Entry {
            construct: (*path).to_owned(),
            stack: "App".to_owned(),
            record: serde_json::from_value(json!({
                "origin": known.get(*path).cloned().or_else(|| new.next()).unwrap_or_else(|| origin(9)),
                "api": { "Ref": "Api" },
                "hasPage": true,
            }))
            .unwrap(),
        });
        Assembly {
            fronts: entries.collect(),
            ..Assembly::default()
        }
    }

    async fn listening() -> (Ports, TcpListener) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let ports = Ports {
            edge: port_of(&listener).unwrap(),
            free: true,
            ..Ports::starting_at(3030)
        };
        (ports, listener)
    }

    /// Synthesizes until every front is known; how often, and the ports.
    async fn settled(fronts: &mut Fronts, paths: &[&str]) -> (u32, BTreeMap<String, u16>) {
        for times in 1..5 {
            let assembly = synthesized(fronts, paths);
            if fronts.assign(&assembly).await.unwrap() {
                return (times, fronts.assigned().clone());
            }
        }
        panic!("no end of syntheses");
    }

    #[tokio::test]
    async fn the_first_front_has_the_first_port_at_once_and_others_after_another_synthesis() {
        let (ports, listener) = listening().await;
        let mut fronts = Fronts::new(ports, listener, BTreeMap::new());
        let (times, one) = settled(&mut fronts, &["App/A"]).await;
        assert_eq!((times, one["App/A"]), (1, ports.edge));
        let (times, two) = settled(&mut fronts, &["App/A", "App/B"]).await;
        assert_eq!((times, two["App/A"]), (2, ports.edge));
        assert_eq!(settled(&mut fronts, &["App/A", "App/B"]).await, (1, two));
    }

    #[tokio::test]
    async fn the_first_port_goes_to_another_front_when_the_one_that_had_it_is_gone() {
        let (ports, listener) = listening().await;
        let remembered = [("App/Gone".to_owned(), ports.edge), ("App/B".to_owned(), 1)];
        let mut fronts = Fronts::new(ports, listener, remembered.into());
        let (_, ports_of_fronts) = settled(&mut fronts, &["App/B"]).await;
        assert_eq!(ports_of_fronts["App/B"], ports.edge);
    }
}
