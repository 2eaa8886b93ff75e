//! Retries store operations until shortly before the deadline.

use std::time::Duration;

use tokio::time::Instant;

use crate::runtime::deadline::Deadline;
use crate::state::store::store_error::StoreError;

/// How long a failing store is retried when the deadline allows more.
const PATIENCE: Duration = Duration::from_secs(10);
/// Reserved for a response without the store.
const MARGIN: Duration = Duration::from_millis(250);
/// Pauses after failures: the first, then twice as long each time, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(400);

/// The attempts of one store operation, until shortly before the deadline.
pub(crate) struct Attempts {
    end: Instant,
    pause: Duration,
    response_was_lost: bool,
}

impl Attempts {
    pub(crate) fn until(deadline: Deadline) -> Self {
        Self::within(PATIENCE, deadline)
    }

    /// Attempts for this long, if the deadline allows it.
    pub(crate) fn within(patience: Duration, deadline: Deadline) -> Self {
        let left = deadline.remaining();
        let patience = left.map_or(patience, |left| left.saturating_sub(MARGIN).min(patience));
        Self {
            end: Instant::now() + patience,
            pause: FIRST_PAUSE,
            response_was_lost: false,
        }
    }

    /// Waits after a conflict, equally long each time, because another process has made progress; `false` when there is
    /// no time for another attempt.
    pub(crate) async fn after_conflict(&mut self) -> bool {
        self.wait(FIRST_PAUSE).await
    }

    async fn after_failure(&mut self) -> bool {
        let pause = self.pause;
        self.pause = (pause * 2).min(LONGEST_PAUSE);
        self.wait(pause).await
    }

    async fn wait(&self, pause: Duration) -> bool {
        if Instant::now() + pause >= self.end {
            return false;
        }
        tokio::time::sleep(pause).await;
        true
    }

    /// Retries an operation after transient failures. It must be idempotent.
    pub(crate) async fn run<T, F>(
        &mut self,
        mut operation: impl FnMut() -> F,
    ) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>>,
    {
        self.response_was_lost = false;
        loop {
            let outcome = tokio::time::timeout_at(self.end, operation())
                .await
                .unwrap_or(Err(StoreError::TooSlow));
            match outcome {
                Err(problem) if problem.is_transient() => {
                    self.response_was_lost |= problem != StoreError::Throttled;
                    if !self.after_failure().await {
                        return Err(problem);
                    }
                }
                outcome => return outcome,
            }
        }
    }

    /// Whether the last operation, which failed, may have taken effect.
    pub(crate) fn may_have_happened(&self) -> bool {
        self.response_was_lost
    }
}
