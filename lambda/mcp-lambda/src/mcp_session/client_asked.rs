//! Records whether the server asked its client anything during one request.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rmcp::model::Extensions;

/// Whether the server has asked its client anything during one request. It is an extension of the request.
#[derive(Clone, Debug, Default)]
pub(crate) struct ClientAsked(Arc<AtomicBool>);

impl ClientAsked {
    /// The value of a request; absent if the server cannot ask.
    pub(crate) fn of(extensions: &Extensions) -> Option<Self> {
        let parts = extensions.get::<http::request::Parts>()?;
        parts.extensions.get().cloned()
    }

    pub(crate) fn note(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub(crate) fn was_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
