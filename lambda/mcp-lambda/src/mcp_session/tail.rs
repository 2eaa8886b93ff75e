//! Waits for the work that continues after a response has ended.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::task::JoinHandle;

use crate::endpoint::refusal::Answer;
use crate::runtime::deadline::Deadline;

/// The work that continues after the response has ended: the tool, and storing its messages. On Lambda the next
/// invocation is requested only after it, because nothing runs between two invocations.
#[derive(Clone)]
pub(crate) struct Tail(Arc<Mutex<Option<JoinHandle<()>>>>);

impl Tail {
    pub(crate) fn new(work: JoinHandle<()>) -> Self {
        Self(Arc::new(Mutex::new(Some(work))))
    }

    pub(crate) fn of(answer: &Answer) -> Option<Self> {
        answer.extensions().get::<Self>().cloned()
    }

    /// Waits until the work is done, or ends it shortly before the invocation does.
    pub(crate) async fn done(self, deadline: Deadline) {
        let work = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut work) = work else {
            return;
        };
        match deadline.for_answer() {
            None => {
                let _ = work.await;
            }
            Some(end) => {
                if tokio::time::timeout_at(end, &mut work).await.is_err() {
                    work.abort();
                }
            }
        }
    }
}
