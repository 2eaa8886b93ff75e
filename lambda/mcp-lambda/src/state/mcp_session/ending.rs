//! Records and looks up the end of an MCP session in the store.

use std::time::Duration;

use tokio::time::Instant;

use crate::endpoint::message::Message;
use crate::state::mcp_session::mailbox::Mailbox;
use crate::state::mcp_session::session_id::LIFETIME;
use crate::state::session_state::{ENDED, SessionItem, has_ended, session_key};
use crate::state::store::{Attempts, StoreError, Version};

/// How long a failing store is retried when it is asked whether a session has ended.
const PATIENCE: Duration = Duration::from_secs(3);
/// More than the clock skew of two processes: the end is stored for longer than any session id is valid.
const CLOCKS: Duration = Duration::from_secs(60 * 60);

/// Whether an ended session refuses the message. `ping` and `notifications/initialized` return nothing and change nothing, so
/// they read nothing (ADR 10).
pub(crate) fn needs_session(message: &Message) -> bool {
    let method = message.method.as_deref();
    !matches!(method, Some("ping" | "notifications/initialized"))
}

/// Ends an MCP session (Streamable HTTP, session management). The client keeps the session id, so the table records
/// that it is no longer valid: under the key of the session's value, so that one read finds both.
impl Mailbox {
    /// The item of the session; `None` if the session has ended. Strongly consistent, so that no request is accepted
    /// after the end was confirmed.
    pub(crate) async fn item(&self) -> Result<Option<SessionItem>, StoreError> {
        let key = self.session_key();
        let mut attempts = Attempts::within(PATIENCE, self.deadline);
        let begun = Instant::now();
        let held = attempts.run(|| self.state.store.read(key.clone())).await?;
        Ok(SessionItem::found(held, begun))
    }

    /// Replaces the session's value by the mark of its end; `false` if it has ended before.
    pub(crate) async fn end(&self) -> Result<bool, StoreError> {
        let key = self.session_key();
        let mut attempts = Attempts::within(PATIENCE, self.deadline);
        loop {
            let held = attempts.run(|| self.state.store.read(key.clone())).await?;
            let version = match held {
                Some(held) if has_ended(&held) => return Ok(false),
                Some(held) => held.version.next()?,
                None => Version::first()?,
            };
            let write = || {
                let (key, mark) = (key.clone(), ENDED.to_owned());
                let store = &self.state.store;
                store.write(key, mark, LIFETIME + CLOCKS, version.clone())
            };
            match attempts.run(write).await {
                Ok(()) => return Ok(true),
                // A call of the session has written in between.
                Err(StoreError::Conflict) if attempts.after_conflict().await => {}
                Err(problem) => return Err(problem),
            }
        }
    }

    fn session_key(&self) -> String {
        session_key(&self.state.seal, &self.caller, &self.session)
    }
}
