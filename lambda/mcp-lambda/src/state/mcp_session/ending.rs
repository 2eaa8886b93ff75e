//! Records and looks up the end of an MCP session in the store.

use std::time::Duration;

use crate::state::mcp_session::mailbox::Mailbox;
use crate::state::mcp_session::session_id::LIFETIME;
use crate::state::store::{Attempts, StoreError};

/// How long a failing store is retried when it is asked whether a session has ended.
const PATIENCE: Duration = Duration::from_secs(3);
/// More than the clock skew of two processes: the end is stored for longer than any session id is valid.
const CLOCKS: Duration = Duration::from_secs(60 * 60);

/// Ends an MCP session (Streamable HTTP, session management). The client keeps the session id, so the table records
/// that it is no longer valid.
impl Mailbox {
    /// Strongly consistent, so that no request is accepted after the end was confirmed.
    pub(crate) async fn has_ended(&self) -> Result<bool, StoreError> {
        let key = self.key("ended", "");
        let mut attempts = Attempts::within(PATIENCE, self.deadline);
        let kept = attempts.run(|| self.state.store.get(key.clone())).await?;
        Ok(kept.is_some())
    }

    /// Idempotent: a repeated end changes nothing.
    pub(crate) async fn end(&self) -> Result<(), StoreError> {
        let key = self.key("ended", "");
        let mut attempts = Attempts::within(PATIENCE, self.deadline);
        let put = || {
            self.state
                .store
                .put(key.clone(), "ended".to_owned(), LIFETIME + CLOCKS)
        };
        attempts.run(put).await
    }
}
