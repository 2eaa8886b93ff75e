//! Tells running requests that their process is about to end.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::select;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::deadline::{RESPONSE_MARGIN, until};

/// Whether the process is about to end, and when. A Lambda function is never told.
#[derive(Clone, Debug, Default)]
pub struct Shutdown(Option<watch::Receiver<Option<Instant>>>);

/// Begins the shutdown.
#[derive(Debug)]
pub struct ShutdownTrigger(watch::Sender<Option<Instant>>);

impl ShutdownTrigger {
    /// From now on the process ends after this time.
    pub fn begin(&self, grace: Duration) -> Instant {
        let end = Instant::now() + grace;
        self.0.send_replace(Some(end));
        end
    }
}

impl Shutdown {
    /// A shutdown that its trigger begins.
    #[must_use]
    pub fn new() -> (ShutdownTrigger, Self) {
        let (sender, receiver) = watch::channel(None);
        (ShutdownTrigger(sender), Self(Some(receiver)))
    }

    /// A shutdown that never begins.
    #[must_use]
    pub fn never() -> Self {
        Self(None)
    }

    /// Whether the shutdown has begun.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.0
            .as_ref()
            .is_some_and(|receiver| receiver.borrow().is_some())
    }

    /// Waits until the shutdown begins, and returns the end of the process.
    pub async fn begun(self) -> Instant {
        if let Some(mut receiver) = self.0
            && let Ok(end) = receiver.wait_for(Option::is_some).await
            && let Some(end) = *end
        {
            return end;
        }
        std::future::pending().await
    }

    /// Waits until this much before the end of the process.
    pub async fn ends_in(self, margin: Duration) {
        let end = self.begun().await;
        sleep_until(end.checked_sub(margin).unwrap_or(end)).await;
    }

    /// Waits until a response is late: until then, if there is an end, or until shortly before the process ends.
    pub async fn late(self, end: Option<Instant>) {
        let (end, shutdown) = (pin!(until(end)), pin!(self.ends_in(RESPONSE_MARGIN)));
        select(end, shutdown).await;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::Shutdown;

    #[tokio::test(start_paused = true)]
    async fn leaves_a_margin_before_the_end_of_the_process() {
        let (trigger, shutdown) = Shutdown::new();
        assert!(!shutdown.has_begun());
        let waiting = tokio::spawn(shutdown.clone().ends_in(Duration::from_secs(2)));
        let begun = Instant::now();
        trigger.begin(Duration::from_secs(10));
        assert!(shutdown.has_begun());
        waiting.await.unwrap();
        assert_eq!(begun.elapsed(), Duration::from_secs(8));
    }
}
