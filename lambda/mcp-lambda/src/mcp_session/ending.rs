//! Records and looks up the end of an MCP session in the store.

use std::time::Duration;

use crate::mcp_session::LIFETIME;
use crate::mcp_session::mailbox::Mailbox;
use crate::state::{Attempts, StoreError};

/// How long a store that fails is asked whether a conversation has ended.
const PATIENCE: Duration = Duration::from_secs(3);
/// More than the clocks of two processes differ by: the end is known for longer than any session id holds.
const CLOCKS: Duration = Duration::from_secs(60 * 60);

/// The end of a conversation (Streamable HTTP, session management): the client keeps the session id, so what the table
/// keeps is that it does not hold any more.
impl Mailbox {
    /// Strongly consistent, so that nobody is let in after the end was confirmed.
    pub(crate) async fn has_ended(&self) -> Result<bool, StoreError> {
        let key = self.key("ended", "");
        let mut attempts = Attempts::within(PATIENCE, self.deadline);
        let kept = attempts.run(|| self.state.store.get(key.clone())).await?;
        Ok(kept.is_some())
    }

    /// The first end counts, and a repeated one changes nothing.
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
