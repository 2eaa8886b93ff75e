//! Writes the records of one process in their order, several in one request when several calls wait.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use mcp_lambda_contract::AuditRecord;
use serde_json::json;
use tokio::time::{Instant, timeout_at};

use crate::audit::chain::Chain;
use crate::audit::problem::Reason;
use crate::audit::sink::Sink;
use crate::runtime::log::Log;
use crate::runtime::log_stream::{EVENT_OVERHEAD, LogStreamError, MOST_BYTES, MOST_EVENTS};

/// How long a record is tried to be written when the deadline allows more.
const PATIENCE: Duration = Duration::from_secs(10);
/// Pauses after failures: the first, then twice as long each time.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// The most records that wait in one process. The tool of one more call does not run, and a refused one gets no record.
const MOST_WAITING: usize = 10_000;

/// The audit trail of one process.
///
/// A record has its position in the chain before it is sent, and keeps it: after a failure that does not say whether the
/// record was written, the same line is sent again, and readers take equal lines for one.
pub(super) struct Trail {
    pub(super) server: String,
    pub(super) now: fn() -> SystemTime,
    sink: Box<dyn Sink>,
    log: Log,
    queue: Mutex<Queue>,
    /// Held by the call that sends; the others wait for it, and for what it sends of theirs.
    sending: tokio::sync::Mutex<()>,
    /// Whether the last request failed.
    fails: AtomicBool,
    /// Whether there is something to append to, as far as is known.
    is_open: AtomicBool,
}

struct Queue {
    chain: Chain,
    /// Lines that are not known to be written, the oldest first.
    waiting: VecDeque<Arc<Line>>,
    /// Sequence of the last line that is known to be written.
    written: u64,
}

struct Line {
    sequence: u64,
    text: String,
}

impl Trail {
    pub(super) fn new(
        server: &str,
        chain: String,
        sink: Box<dyn Sink>,
        now: fn() -> SystemTime,
        log: Log,
    ) -> Self {
        Self {
            server: server.to_owned(),
            now,
            sink,
            log,
            queue: Mutex::new(Queue {
                chain: Chain::new(chain),
                waiting: VecDeque::new(),
                written: 0,
            }),
            sending: tokio::sync::Mutex::default(),
            fails: AtomicBool::new(false),
            is_open: AtomicBool::new(false),
        }
    }

    /// Whether another record can be written: the first call of the process creates the log stream, and after a failure the
    /// records that wait are written first.
    pub(super) async fn admit(&self, end: Option<Instant>) -> Result<(), Reason> {
        let (last, waiting) = {
            let queue = self.queue();
            let last = queue.waiting.back().map(|line| line.sequence);
            (last, queue.waiting.len())
        };
        if waiting >= MOST_WAITING {
            return Err(Reason::Full);
        }
        match last {
            Some(last) if self.fails.load(Ordering::Relaxed) => self.written(last, end).await,
            Some(_) | None if !self.is_open.load(Ordering::Relaxed) => self.open(end).await,
            Some(_) | None => Ok(()),
        }
    }

    /// Puts the record at the end of the chain and returns its sequence. It has none if it does not fit.
    pub(super) fn append(&self, mut record: AuditRecord) -> Result<u64, Reason> {
        let mut queue = self.queue();
        if queue.waiting.len() >= MOST_WAITING {
            return Err(Reason::Full);
        }
        queue.chain.append(&mut record);
        let sequence = record.sequence;
        let text = record.line();
        queue.waiting.push_back(Arc::new(Line { sequence, text }));
        Ok(sequence)
    }

    /// Waits until there is something to append to.
    async fn open(&self, end: Option<Instant>) -> Result<(), Reason> {
        let mut last = None;
        let opened = in_time(end, self.try_to_open(&mut last)).await;
        let problem = match opened {
            Some(Ok(())) => return Ok(()),
            Some(Err(problem)) => Reason::Refused(problem),
            None => last.map_or(Reason::TooSlow, Reason::Refused),
        };
        self.log.error(
            "the audit trail cannot be opened",
            &json!({ "reason": problem.to_string() }),
        );
        Err(problem)
    }

    async fn try_to_open(&self, last: &mut Option<LogStreamError>) -> Result<(), LogStreamError> {
        let _turn = self.sending.lock().await;
        let mut pause = FIRST_PAUSE;
        while !self.is_open.load(Ordering::Relaxed) {
            match self.sink.open().await {
                Ok(()) => self.is_open.store(true, Ordering::Relaxed),
                Err(problem) if problem.is_transient() => {
                    *last = Some(problem);
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                }
                Err(problem) => return Err(problem),
            }
        }
        Ok(())
    }

    /// Waits until the record and all before it are written.
    pub(super) async fn written(&self, sequence: u64, end: Option<Instant>) -> Result<(), Reason> {
        let mut last = None;
        let written = in_time(end, self.write(sequence, &mut last)).await;
        let problem = match written {
            Some(Ok(())) => return Ok(()),
            Some(Err(problem)) => Reason::Refused(problem),
            None => last.map_or(Reason::TooSlow, Reason::Refused),
        };
        self.fails.store(true, Ordering::Relaxed);
        self.log.error(
            "records of the audit trail could not be written",
            &json!({ "reason": problem.to_string(), "sequence": sequence }),
        );
        Err(problem)
    }

    async fn write(
        &self,
        sequence: u64,
        last: &mut Option<LogStreamError>,
    ) -> Result<(), LogStreamError> {
        if self.is_written(sequence) {
            return Ok(());
        }
        // A call that is dropped here gives the turn to the next one, which sends the same lines again.
        let _turn = self.sending.lock().await;
        let mut pause = FIRST_PAUSE;
        while !self.is_written(sequence) {
            let batch = self.batch();
            let lines: Vec<&str> = batch.iter().map(|line| line.text.as_str()).collect();
            let appended = self.sink.append(&lines).await;
            // Known at once, so that no other tool runs while this call tries again.
            self.fails.store(appended.is_err(), Ordering::Relaxed);
            match appended {
                Ok(()) => {
                    self.is_open.store(true, Ordering::Relaxed);
                    self.confirm(&batch);
                }
                Err(problem) if problem.is_transient() => {
                    *last = Some(problem);
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                }
                Err(problem) => return Err(problem),
            }
        }
        Ok(())
    }

    fn is_written(&self, sequence: u64) -> bool {
        self.queue().written >= sequence
    }

    /// The lines of the next request.
    fn batch(&self) -> Vec<Arc<Line>> {
        let queue = self.queue();
        let mut bytes = 0;
        let fits = |line: &&Arc<Line>| {
            bytes += line.text.len() + EVENT_OVERHEAD;
            bytes <= MOST_BYTES
        };
        let fitting = queue.waiting.iter().take_while(fits);
        fitting.take(MOST_EVENTS).cloned().collect()
    }

    fn confirm(&self, batch: &[Arc<Line>]) {
        let mut queue = self.queue();
        queue.waiting.drain(..batch.len());
        if let Some(line) = batch.last() {
            queue.written = line.sequence;
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The output of the future, unless it takes longer than the deadline or the patience allows.
async fn in_time<F: Future>(end: Option<Instant>, future: F) -> Option<F::Output> {
    let patience = Instant::now() + PATIENCE;
    let end = end.map_or(patience, |end| end.min(patience));
    timeout_at(end, future).await.ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::UNIX_EPOCH;

    use futures_util::FutureExt;
    use futures_util::future::{BoxFuture, join_all};
    use mcp_lambda_contract::{AuditApi, AuditCallerKind, AuditOutcome};

    use super::*;

    /// What happens to the requests, one after the other; after the last one, nothing more does.
    #[derive(Clone, Copy)]
    enum Fault {
        /// The request is refused for good.
        Denied,
        /// The request is lost.
        Request,
        /// The lines are written, and the response is lost.
        Response,
        /// There is never a response.
        Hangs,
    }

    #[derive(Default)]
    struct Log {
        faults: Mutex<VecDeque<Fault>>,
        requests: Mutex<Vec<Vec<String>>>,
        /// How often the log stream is refused.
        unopened: Mutex<usize>,
    }

    struct Recorded(Arc<Log>);

    impl Sink for Recorded {
        fn open(&self) -> BoxFuture<'_, Result<(), LogStreamError>> {
            async move {
                let mut unopened = self.0.unopened.lock().unwrap();
                if *unopened == 0 {
                    return Ok(());
                }
                *unopened -= 1;
                let action = "logs:CreateLogStream";
                Err(LogStreamError::AccessDenied { action })
            }
            .boxed()
        }

        fn append<'a>(&'a self, lines: &'a [&'a str]) -> BoxFuture<'a, Result<(), LogStreamError>> {
            async move {
                let fault = self.0.faults.lock().unwrap().pop_front();
                tokio::task::yield_now().await;
                match fault {
                    Some(Fault::Denied) => {
                        let action = "logs:PutLogEvents";
                        return Err(LogStreamError::AccessDenied { action });
                    }
                    Some(Fault::Request) => return Err(LogStreamError::Throttled),
                    Some(Fault::Hangs) => std::future::pending().await,
                    Some(Fault::Response) | None => {}
                }
                let lines = lines.iter().map(|line| (*line).to_owned()).collect();
                self.0.requests.lock().unwrap().push(lines);
                match fault {
                    Some(_) => Err(LogStreamError::Unreachable),
                    None => Ok(()),
                }
            }
            .boxed()
        }
    }

    fn trail(faults: &[Fault]) -> (Trail, Arc<Log>) {
        let log = Arc::new(Log {
            faults: Mutex::new(faults.iter().copied().collect()),
            requests: Mutex::default(),
            unopened: Mutex::default(),
        });
        let sink = Box::new(Recorded(Arc::clone(&log)));
        let quiet = super::Log::new(|_| {});
        let trail = Trail::new("kennel", "chain".to_owned(), sink, || UNIX_EPOCH, quiet);
        (trail, log)
    }

    fn record(subject: &str) -> AuditRecord {
        AuditRecord {
            chain: String::new(),
            sequence: 0,
            previous: String::new(),
            time: "1970-01-01T00:00:00.000Z".to_owned(),
            server: "kennel".to_owned(),
            request_id: subject.to_owned(),
            api: AuditApi::Mcp,
            subject: subject.to_owned(),
            client: "client".to_owned(),
            kind: AuditCallerKind::Person,
            scopes: Vec::new(),
            tool: None,
            outcome: AuditOutcome::Ok,
            reason: None,
            digest: String::new(),
        }
    }

    /// The records of the chain in order, each once; fails if one is missing or two differ.
    fn chain(log: &Log) -> Vec<AuditRecord> {
        let requests = log.requests.lock().unwrap();
        let lines: BTreeSet<&String> = requests.iter().flatten().collect();
        let mut records: Vec<AuditRecord> = lines
            .iter()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        records.sort_by_key(|record| record.sequence);
        let mut previous = AuditRecord::FIRST.to_owned();
        for (index, record) in records.iter().enumerate() {
            assert_eq!(record.sequence, index as u64 + 1);
            assert_eq!(record.previous, previous);
            previous.clone_from(&record.digest);
        }
        records
    }

    async fn call(trail: &Trail, subject: &str) -> Result<(), Reason> {
        trail.admit(None).await?;
        let sequence = trail.append(record(subject))?;
        trail.written(sequence, None).await
    }

    #[tokio::test(start_paused = true)]
    async fn calls_at_one_time_share_requests_and_form_one_chain() {
        let (trail, log) = trail(&[]);
        let calls = (0..500).map(|number| {
            let trail = &trail;
            async move { call(trail, &number.to_string()).await }
        });
        assert!(join_all(calls).await.iter().all(Result::is_ok));
        assert_eq!(chain(&log).len(), 500);
        assert!(log.requests.lock().unwrap().len() < 10);
    }

    #[tokio::test(start_paused = true)]
    async fn a_record_whose_response_is_lost_is_sent_again_with_its_position() {
        let (trail, log) = trail(&[Fault::Response, Fault::Request, Fault::Response]);
        assert_eq!(call(&trail, "anna").await, Ok(()));
        assert_eq!(call(&trail, "bert").await, Ok(()));
        assert_eq!(log.requests.lock().unwrap().iter().flatten().count(), 4);
        assert_eq!(chain(&log).len(), 2, "equal lines are one record");
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_failure_no_call_is_admitted_until_the_waiting_records_are_written() {
        let (trail, log) = trail(&[Fault::Denied, Fault::Denied]);
        assert!(call(&trail, "anna").await.is_err());
        assert!(trail.admit(None).await.is_err(), "denied again");
        assert_eq!(chain(&log).len(), 0);
        assert_eq!(call(&trail, "bert").await, Ok(()));
        let subjects: Vec<String> = chain(&log)
            .into_iter()
            .map(|record| record.subject)
            .collect();
        assert_eq!(subjects, ["anna", "bert"], "the tool of the first has run");
    }

    #[tokio::test(start_paused = true)]
    async fn no_call_is_admitted_before_there_is_something_to_append_to() {
        let (trail, log) = trail(&[]);
        *log.unopened.lock().unwrap() = 1;
        let problem = trail.admit(None).await.unwrap_err();
        assert_eq!(problem.to_string(), "AccessDenied: logs:CreateLogStream");
        assert_eq!(call(&trail, "anna").await, Ok(()), "the next attempt");
        assert_eq!(chain(&log).len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn no_other_call_is_admitted_while_one_tries_to_write_its_record_again() {
        let (trail, log) = trail(&[Fault::Request, Fault::Hangs]);
        let trying = call(&trail, "anna");
        let other = async {
            tokio::time::sleep(FIRST_PAUSE / 2).await;
            let end = Instant::now() + Duration::from_secs(1);
            trail.admit(Some(end)).await
        };
        let (_, admitted) =
            tokio::join!(tokio::time::timeout(Duration::from_secs(2), trying), other);
        assert_eq!(admitted, Err(Reason::TooSlow));
        assert_eq!(call(&trail, "bert").await, Ok(()));
        assert_eq!(chain(&log).len(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_record_that_does_not_fit_into_the_queue_takes_no_position() {
        let (trail, log) = trail(&[]);
        let mut last = 0;
        for _ in 0..MOST_WAITING {
            last = trail.append(record("anna")).unwrap();
        }
        assert_eq!(trail.append(record("eve")), Err(Reason::Full));
        assert_eq!(trail.written(last, None).await, Ok(()));
        assert_eq!(call(&trail, "bert").await, Ok(()));
        assert_eq!(chain(&log).len(), MOST_WAITING + 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_is_dropped_while_it_sends_leaves_its_record_to_the_next_one() {
        let (trail, log) = trail(&[Fault::Hangs]);
        let dropped = tokio::time::timeout(Duration::from_secs(1), call(&trail, "anna"));
        assert!(dropped.await.is_err());
        assert_eq!(call(&trail, "bert").await, Ok(()));
        assert_eq!(chain(&log).len(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn records_that_do_not_fit_into_one_request_take_several() {
        let (trail, log) = trail(&[]);
        let long = "x".repeat(400_000);
        let sequences: Vec<u64> = (0..5)
            .map(|_| trail.append(record(&long)).unwrap())
            .collect();
        assert_eq!(trail.written(sequences[4], None).await, Ok(()));
        assert_eq!(chain(&log).len(), 5);
        let requests = log.requests.lock().unwrap();
        let bytes = |lines: &Vec<String>| -> usize { lines.iter().map(String::len).sum() };
        assert!(requests.iter().all(|lines| bytes(lines) <= MOST_BYTES));
    }
}
