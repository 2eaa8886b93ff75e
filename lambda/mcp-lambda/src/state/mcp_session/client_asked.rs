//! Records whether the server asked its client anything during one request.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the server has asked its client anything during one request.
#[derive(Clone, Debug, Default)]
pub(crate) struct ClientAsked(Arc<AtomicBool>);

impl ClientAsked {
    pub(crate) fn note(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub(crate) fn was_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
