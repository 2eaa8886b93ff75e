//! Runs connections and tasks on several threads, each with an event loop of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::runtime::Builder;
use tokio::sync::mpsc;

/// Threads that run what is handed to them until they are dropped; the calling thread when there is only one.
///
/// A connection stays on its thread. Threads that steal work from each other are faster on average, and their slowest
/// responses are several times slower (ADR 11).
pub(crate) struct Workers(Vec<Worker>);

struct Worker {
    jobs: mpsc::UnboundedSender<BoxFuture<'static, ()>>,
    load: Arc<AtomicUsize>,
}

/// Counts one job until it is over.
struct Load(Arc<AtomicUsize>);

impl Drop for Load {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Workers {
    pub(crate) fn start(threads: usize) -> std::io::Result<Self> {
        if threads == 1 {
            return Ok(Self(Vec::new()));
        }
        (1..=threads)
            .map(Worker::start)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Runs the job on the thread that has the fewest.
    pub(crate) fn spawn(&self, job: impl Future<Output = ()> + Send + 'static) {
        let load = |worker: &&Worker| worker.load.load(Ordering::Relaxed);
        let Some(worker) = self.0.iter().min_by_key(load) else {
            tokio::spawn(job);
            return;
        };
        worker.load.fetch_add(1, Ordering::Relaxed);
        let load = Load(Arc::clone(&worker.load));
        let job = async move {
            job.await;
            drop(load);
        };
        // A thread ends only with its `Worker`.
        let _ = worker.jobs.send(job.boxed());
    }
}

impl Worker {
    fn start(number: usize) -> std::io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (jobs, mut received) = mpsc::unbounded_channel();
        let work = async move {
            while let Some(job) = received.recv().await {
                tokio::spawn(job);
            }
        };
        std::thread::Builder::new()
            .name(format!("http-{number}"))
            .spawn(move || runtime.block_on(work))?;
        Ok(Self {
            jobs,
            load: Arc::default(),
        })
    }
}
