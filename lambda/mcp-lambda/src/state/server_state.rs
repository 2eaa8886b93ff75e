//! What one server keeps, and where.

use std::time::Duration;

use crate::state::{State, StateNeeds};

/// What a server keeps, and where.
pub(crate) struct ServerState {
    pub(crate) state: State,
    pub(crate) needs: StateNeeds,
    pub(crate) session_time_to_live: Duration,
}
