//! Waits for the work that continues after a response has ended.

use tokio::task::JoinHandle;

use crate::runtime::deadline::Deadline;

/// The work that continues after the response has ended: the tool, and storing its messages. On Lambda the next
/// invocation is requested only after it, because nothing runs between two invocations.
pub(crate) struct Tail(JoinHandle<()>);

impl Tail {
    pub(crate) fn new(work: JoinHandle<()>) -> Self {
        Self(work)
    }

    /// Waits until the work is done, or ends it shortly before the invocation does.
    pub(crate) async fn finish(self, deadline: Deadline) {
        let Self(mut work) = self;
        match deadline.for_response() {
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
