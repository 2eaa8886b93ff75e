//! Limits how many requests are worked on at one moment, without counting those that wait.

use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How long a request keeps its permit.
const LONGEST: Duration = Duration::from_millis(20);

/// How many requests may be worked on at one moment. More of them use more memory and finish later, none sooner.
#[derive(Clone, Default)]
pub(crate) struct WorkLimit(Option<Arc<Semaphore>>);

/// The permit to work on one request. It is given back as soon as the request waits for anything else, so that slow tools
/// keep nobody from working.
#[derive(Clone, Default)]
pub(crate) struct WorkPermit(Option<Arc<Mutex<Option<OwnedSemaphorePermit>>>>);

/// A semaphore with this many permits, or with the most that one can have.
pub(crate) fn semaphore(permits: usize) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(permits.min(Semaphore::MAX_PERMITS)))
}

impl WorkLimit {
    pub(crate) fn new(requests: usize) -> Self {
        Self(Some(semaphore(requests)))
    }

    /// Waits until the request may be worked on.
    pub(crate) async fn permit(&self) -> WorkPermit {
        let Some(semaphore) = &self.0 else {
            return WorkPermit::default();
        };
        let permit = Arc::clone(semaphore).acquire_owned().await.ok();
        WorkPermit(Some(Arc::new(Mutex::new(permit))))
    }
}

/// Gives a permit back when it is dropped.
struct GivenBack<'a>(&'a WorkPermit);

impl Drop for GivenBack<'_> {
    fn drop(&mut self) {
        self.0.give_back();
    }
}

impl WorkPermit {
    /// Lets another request be worked on.
    pub(crate) fn give_back(&self) {
        if let Some(permit) = &self.0 {
            permit.lock().unwrap_or_else(PoisonError::into_inner).take();
        }
    }

    /// The response to the request. The permit is given back with it, or after [`LONGEST`] if something else is waited for
    /// that does not say so.
    pub(crate) async fn held_for<F: Future>(&self, response: F) -> F::Output {
        if self.0.is_none() {
            return response.await;
        }
        // The client may disconnect before, and tasks that go on hold the permit, too.
        let _given_back = GivenBack(self);
        let mut response = pin!(response);
        let quick = tokio::select! {
            biased;
            quick = response.as_mut() => Some(quick),
            () = tokio::time::sleep(LONGEST) => None,
        };
        self.give_back();
        match quick {
            Some(quick) => quick,
            None => response.await,
        }
    }

    /// The result of the future. The permit is given back when the future begins to wait.
    pub(crate) async fn given_back_on_wait<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        std::future::poll_fn(|context| {
            let polled = future.as_mut().poll(context);
            if polled.is_pending() {
                self.give_back();
            }
            polled
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};
    use std::pin::pin;
    use std::time::Duration;

    use futures_util::FutureExt;
    use tokio::time::Instant;

    use super::{LONGEST, WorkLimit};

    async fn is_free(limit: &WorkLimit) -> bool {
        limit.permit().now_or_never().is_some()
    }

    #[tokio::test(start_paused = true)]
    async fn a_permit_is_back_with_the_response_or_when_something_is_waited_for() {
        let limit = WorkLimit::new(1);
        let permit = limit.permit().await;
        assert!(!is_free(&limit).await);
        permit.held_for(ready(())).await;
        assert!(is_free(&limit).await, "with the response");

        let permit = limit.permit().await;
        let mut response = pin!(permit.held_for(permit.given_back_on_wait(pending::<()>())));
        assert!(response.as_mut().now_or_never().is_none());
        assert!(is_free(&limit).await, "a tool waits");

        let begun = Instant::now();
        let permit = limit.permit().await;
        let response = permit.held_for(tokio::time::sleep(Duration::from_secs(10)));
        let (free, ()) = tokio::join!(limit.permit().map(|_| begun.elapsed()), response);
        assert!(free < 2 * LONGEST, "something else is waited for");
    }

    #[tokio::test(start_paused = true)]
    async fn a_permit_is_back_when_the_client_disconnects_although_a_task_holds_it_too() {
        let limit = WorkLimit::new(1);
        let permit = limit.permit().await;
        let held_by_a_task = permit.clone();
        let mut response = Box::pin(permit.held_for(pending::<()>()));
        assert!(response.as_mut().now_or_never().is_none());
        assert!(!is_free(&limit).await);
        drop(response);
        assert!(is_free(&limit).await);
        drop(held_by_a_task);
    }
}
