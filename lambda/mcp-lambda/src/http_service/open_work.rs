//! Counts what has to end before the process does.

use std::convert::Infallible;

use tokio::sync::mpsc::{Receiver, Sender, UnboundedReceiver, WeakSender, channel};

/// A connection, a call or a task that is not over. Dropping it says that it is.
#[derive(Clone)]
pub(crate) struct OpenWork {
    _open: Sender<Infallible>,
}

/// Waits for all of it.
pub(crate) struct AllDone {
    closed: Receiver<Infallible>,
    more: WeakSender<Infallible>,
}

impl OpenWork {
    pub(crate) fn new() -> (Self, AllDone) {
        let (sender, closed) = channel(1);
        let more = sender.downgrade();
        (Self { _open: sender }, AllDone { closed, more })
    }
}

impl AllDone {
    /// Runs what the queue brings, and resolves when the queue is empty and every [`OpenWork`] has been dropped.
    pub(crate) async fn run_until_done<T>(
        mut self,
        mut queue: Option<UnboundedReceiver<T>>,
        run: impl Fn(T, OpenWork),
    ) {
        loop {
            tokio::select! {
                // The queue first: the last call may have added an item before it ended.
                biased;
                Some(item) = next(&mut queue) => run(item, self.open()),
                // Nothing can be sent: the end of the channel is what is received.
                _ = self.closed.recv() => return,
            }
        }
    }

    /// Counts more work, also when all other work is over.
    fn open(&mut self) -> OpenWork {
        if let Some(sender) = self.more.upgrade() {
            return OpenWork { _open: sender };
        }
        let (open, all_done) = OpenWork::new();
        *self = all_done;
        open
    }
}

async fn next<T>(queue: &mut Option<UnboundedReceiver<T>>) -> Option<T> {
    queue.as_mut()?.recv().await
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::pin::pin;

    use futures_util::FutureExt;
    use tokio::sync::mpsc::unbounded_channel;

    use super::OpenWork;

    #[test]
    fn waits_for_an_item_that_the_last_call_has_added() {
        let (call, all_done) = OpenWork::new();
        let (queue, items) = unbounded_channel();
        queue.send("task").unwrap();
        drop(call);
        let running = RefCell::new(Vec::new());
        let done = all_done.run_until_done(Some(items), |item, open| {
            running.borrow_mut().push((item, open));
        });
        let mut done = pin!(done);
        assert!(done.as_mut().now_or_never().is_none());
        let (item, open) = running.borrow_mut().pop().unwrap();
        assert_eq!(item, "task");
        drop(open);
        assert!(done.as_mut().now_or_never().is_some());
    }

    #[test]
    fn waits_for_all_work_without_a_queue() {
        let (first, all_done) = OpenWork::new();
        let second = first.clone();
        let mut done = pin!(all_done.run_until_done::<()>(None, |(), _| {}));
        drop(first);
        assert!(done.as_mut().now_or_never().is_none());
        drop(second);
        assert!(done.as_mut().now_or_never().is_some());
    }
}
