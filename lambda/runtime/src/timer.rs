//! Ends work at a deadline with one timer that successive requests share.

use std::pin::{Pin, pin};
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::time::{Instant, Sleep, sleep_until};

/// Ends work at its deadline, with one timer that successive requests share.
///
/// Setting a timer costs two system calls, and hardly any request lasts until it fires. The deadlines of invocations
/// increase, so the timer of an earlier one fires in time for a later one, and is reset only then.
#[derive(Default)]
pub struct Timer {
    /// The timer while it is not in use.
    sleep: Mutex<Option<Pin<Box<Sleep>>>>,
}

impl Timer {
    /// The result of the work; `None` when it is not done by the deadline.
    pub async fn until<T>(&self, end: Instant, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        let kept = self.kept().take();
        let mut sleep = kept.unwrap_or_else(|| Box::pin(sleep_until(end)));
        let result = std::future::poll_fn(|context| match work.as_mut().poll(context) {
            Poll::Ready(result) => Poll::Ready(Some(result)),
            Poll::Pending => rings(&mut sleep, end, context).map(|()| None),
        })
        .await;
        *self.kept() = Some(sleep);
        result
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Option<Pin<Box<Sleep>>>> {
        self.sleep.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn rings(sleep: &mut Pin<Box<Sleep>>, end: Instant, context: &mut Context<'_>) -> Poll<()> {
    if sleep.deadline() > end {
        sleep.as_mut().reset(end);
    }
    loop {
        ready!(sleep.as_mut().poll(context));
        if sleep.deadline() >= end {
            return Poll::Ready(());
        }
        // It was set for an earlier request.
        sleep.as_mut().reset(end);
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::time::Duration;

    use tokio::time::{Instant, sleep};

    use super::Timer;

    #[tokio::test(start_paused = true)]
    async fn rings_at_each_deadline_whatever_it_was_set_for_before() {
        let timer = Timer::default();
        for milliseconds in [50, 80, 20, 300] {
            let (start, limit) = (Instant::now(), Duration::from_millis(milliseconds));
            assert_eq!(timer.until(start + limit, pending::<()>()).await, None);
            assert_eq!(start.elapsed(), limit);
            let work = sleep(Duration::from_millis(10));
            assert_eq!(timer.until(Instant::now() + limit, work).await, Some(()));
        }
    }
}
