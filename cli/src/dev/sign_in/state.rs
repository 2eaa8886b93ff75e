//! The state that every handler of the sign-in pages shares.

use std::sync::Arc;

use super::browser::Browsers;
use crate::dev::edge::Upstream;

/// The state of every handler.
#[derive(Debug, Clone)]
pub struct SignIn {
    pub(super) upstream: Upstream,
    pub(super) browsers: Arc<Browsers>,
}

impl SignIn {
    /// The sign-in pages on `port` for every user pool at the emulator.
    #[must_use]
    pub fn new(upstream: Upstream, port: u16) -> Self {
        Self {
            upstream,
            browsers: Arc::new(Browsers::new(port)),
        }
    }
}
