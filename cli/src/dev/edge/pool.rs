//! Processes that take turns, as the targets of a load balancer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::forward::Upstream;

/// The processes of one service. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Pool {
    ring: Arc<Mutex<Ring>>,
}

#[derive(Debug, Default)]
struct Ring {
    processes: Vec<(u16, Upstream)>,
    next: usize,
}

impl Pool {
    /// Adds the process that listens on `port`.
    pub fn add(&self, port: u16) {
        let mut ring = self.ring();
        ring.processes.retain(|(known, _)| *known != port);
        ring.processes.push((port, Upstream::at(port)));
    }

    /// Requests that follow go to the others.
    pub fn remove(&self, port: u16) {
        self.ring().processes.retain(|(known, _)| *known != port);
    }

    /// The process whose turn it is; None when there is none.
    pub(super) fn next(&self) -> Option<Upstream> {
        let mut ring = self.ring();
        ring.next = ring.next.wrapping_add(1);
        let index = ring.next.checked_rem(ring.processes.len())?;
        ring.processes
            .get(index)
            .map(|(_, upstream)| upstream.clone())
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        // Nothing is left half-written by a panic between two changes of a list.
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
