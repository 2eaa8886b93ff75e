//! The state that every handler of the sign-in pages shares.

use std::sync::Arc;

use super::browser::Browsers;
use super::password_policy::PasswordPolicy;
use crate::dev::edge::Upstream;

/// The state of every handler.
#[derive(Debug, Clone)]
pub struct SignIn {
    pub(super) upstream: Upstream,
    pub(super) browsers: Arc<Browsers>,
    pub(super) policy: Arc<PasswordPolicy>,
}

impl SignIn {
    /// The sign-in pages on `port` for the user pool at the emulator whose policy is `policy`.
    #[must_use]
    pub fn new(upstream: Upstream, port: u16, policy: PasswordPolicy) -> Self {
        Self {
            upstream,
            browsers: Arc::new(Browsers::new(port)),
            policy: Arc::new(policy),
        }
    }
}
