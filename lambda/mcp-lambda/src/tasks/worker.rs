//! Runs the tools of tasks and writes down their progress and results.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use rmcp::ErrorData;
use rmcp::model::{
    ClientJsonRpcMessage, GetExtensions, InputRequiredResult, JsonRpcMessage,
    ProgressNotificationParam, ServerJsonRpcMessage, ServerNotification, ServerResult,
};
use rmcp::service::serve_directly;
use rmcp::transport::OneshotTransport;
use rmcp::{RoleServer, ServerHandler};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::guard::Guarded;
use crate::runtime::deadline::Deadline;
use crate::state::{StoreError, unguessable};
use crate::tasks::call::Call;
use crate::tasks::continuation::ContinuationError;
use crate::tasks::ledger::Part;
use crate::tasks::record::{Finished, Outcome, Time, failure, milliseconds};
use crate::tasks::work_item::WorkItem;
use crate::tasks::{Tasks, Turn};
use crate::telemetry;
use crate::token::caller::Caller;

/// How often a worker checks for cancellation and writes down its progress.
const LOOK: Duration = Duration::from_secs(1);
/// Reserved before the end of the invocation for storing the outcome.
const WRITE_MARGIN: Duration = Duration::from_secs(1);

/// Runs tasks: calls the author's tool with the message of the call, without a waiting client.
pub(crate) struct Worker<S> {
    server: Guarded<S>,
    tasks: Tasks,
}

/// Why a work item could not be processed. It must be delivered again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum WorkProblem {
    Store(StoreError),
    Continuation(ContinuationError),
    NoRandomness,
}

impl fmt::Display for WorkProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WorkProblem::Store(problem) => problem.fmt(formatter),
            WorkProblem::Continuation(problem) => problem.fmt(formatter),
            WorkProblem::NoRandomness => {
                formatter.write_str("the operating system gives no random bytes")
            }
        }
    }
}

impl From<StoreError> for WorkProblem {
    fn from(problem: StoreError) -> Self {
        WorkProblem::Store(problem)
    }
}

/// One claimed run of a tool.
struct Run<'a> {
    tasks: &'a Tasks,
    item: &'a WorkItem,
    outcome: telemetry::Outcome,
    /// The unique name of this run.
    worker: String,
    expires: Time,
}

/// The result of the tool.
enum Answered {
    Result(Value),
    Asks(InputRequiredResult),
}

impl<S: ServerHandler> Worker<S> {
    pub(crate) fn new(server: Guarded<S>, tasks: Tasks) -> Self {
        Self { server, tasks }
    }

    /// Processes one item; does nothing when another worker has claimed it or the task is over.
    ///
    /// # Errors
    ///
    /// [`WorkProblem`] when nothing was begun, or the next run could not be sent. Delivering the item again is safe.
    pub(crate) async fn work(
        &self,
        sealed: &str,
        deadline: Deadline,
        record: &mut telemetry::Record,
    ) -> Result<(), WorkProblem> {
        let ledger = &self.tasks.ledger;
        let Some(item) = WorkItem::open(&ledger.state.seal, sealed) else {
            let reason =
                json!({ "reason": "it is not sealed with a key of this server, or too old" });
            self.tasks.log.error("a work item was refused", &reason);
            return Ok(());
        };
        record.continues(item.sent_by.as_deref());
        let outcome = record.outcome();
        outcome.active(self.work_on(item, deadline, record)).await
    }

    async fn work_on(
        &self,
        item: WorkItem,
        deadline: Deadline,
        record: &mut telemetry::Record,
    ) -> Result<(), WorkProblem> {
        let ledger = &self.tasks.ledger;
        let worker = unguessable().map_err(|_| WorkProblem::NoRandomness)?;
        let left = deadline.until_end();
        let claimed = ledger
            .step(&item.caller, &item.task, |record, now| {
                // Without a deadline the process works until the task expires.
                let until = left.map_or(record.expires(), |left| {
                    now.saturating_add(milliseconds(left))
                });
                record.claim(item.round, &worker, until, now)
            })
            .await?;
        let Some((task, Some(claim))) = claimed else {
            return Ok(());
        };
        record.works_on(&task.tool);
        let run = Run {
            tasks: &self.tasks,
            item: &item,
            outcome: record.outcome(),
            worker,
            expires: claim.expires,
        };
        let answered = match run.call().await {
            Ok(call) => match call.message(claim.input) {
                Ok(message) => self.run(&run, message, deadline).await,
                Err(error) => Err(error),
            },
            Err(error) => Err(error),
        };
        match run.finish(answered).await {
            Ok(Finished::GoesOn) => {
                let next = item.round.saturating_add(1);
                let sent = self.tasks.send(&item.caller, &item.task, next).await;
                sent.map_err(WorkProblem::Continuation)
            }
            Ok(Finished::Kept) => Ok(()),
            Ok(Finished::TooLate) => {
                let what = "the result of a task came too late: it was cancelled or given up";
                self.tasks.log.info(what, &json!({}));
                Ok(())
            }
            Err(problem) => {
                // The task fails when the worker's time is over; another delivery would find it taken.
                self.tasks.log.error(
                    "the result of a task could not be kept",
                    &json!({ "reason": problem.to_string() }),
                );
                Ok(())
            }
        }
    }

    /// Runs the tool until it returns or the task is over.
    async fn run(
        &self,
        run: &Run<'_>,
        mut message: ClientJsonRpcMessage,
        deadline: Deadline,
    ) -> Result<Answered, ErrorData> {
        let stop = Arc::new(Notify::new());
        if let JsonRpcMessage::Request(request) = &mut message {
            let mut head = Request::post("/")
                .body(())
                .unwrap_or_default()
                .into_parts()
                .0;
            head.extensions.insert(run.item.caller.clone());
            head.extensions.insert(deadline.earlier_by(WRITE_MARGIN));
            let turn = Turn::Work {
                stop: Arc::clone(&stop),
            };
            head.extensions.insert(turn);
            head.extensions.insert(run.outcome.clone());
            request.request.extensions_mut().insert(head);
        }
        let (transport, mut messages) = OneshotTransport::<RoleServer>::new(message);
        // Ends when the tool returns, which happens at its deadline at the latest.
        let _running = serve_directly(self.server.clone(), transport, None);
        let mut status = None;
        let mut look = tokio::time::interval(LOOK);
        look.tick().await;
        loop {
            tokio::select! {
                message = messages.recv() => match message {
                    None => return Err(failure("the server ended without an answer")),
                    Some(JsonRpcMessage::Notification(notification)) => {
                        if let ServerNotification::ProgressNotification(progress) = notification.notification {
                            status = Some(progress_text(&progress.params));
                        }
                    }
                    Some(JsonRpcMessage::Request(_)) => {
                        stop.notify_one();
                        return Err(failure(
                            "the tool asked the client directly, which a task cannot: it has to answer with what it needs (InputRequiredResult)",
                        ));
                    }
                    Some(JsonRpcMessage::Response(response)) => return answered(response.result),
                    Some(ServerJsonRpcMessage::Error(error)) => return Err(error.error),
                },
                _ = look.tick() => if !run.goes_on(status.as_deref()).await {
                    stop.notify_one();
                },
            }
        }
    }
}

impl Run<'_> {
    fn caller(&self) -> &Caller {
        &self.item.caller
    }

    async fn call(&self) -> Result<Call, ErrorData> {
        let ledger = &self.tasks.ledger;
        let kept = ledger
            .kept(self.caller(), &self.item.task, Part::Call)
            .await;
        kept.map_err(|problem| failure(problem.to_string()))?
            .ok_or_else(|| failure("the call of this task is gone"))
    }

    /// Whether the task is still running; `true` when the store fails.
    async fn goes_on(&self, status: Option<&str>) -> bool {
        let ledger = &self.tasks.ledger;
        let looked = ledger.step(self.caller(), &self.item.task, |record, now| {
            record.report(&self.worker, status, now)
        });
        match looked.await {
            Ok(looked) => looked.is_some_and(|(_, goes_on)| goes_on),
            Err(_) => true,
        }
    }

    async fn finish(&self, answered: Result<Answered, ErrorData>) -> Result<Finished, StoreError> {
        let outcome = match answered {
            Err(error) => Outcome::Error(error),
            Ok(Answered::Asks(asks)) => Outcome::Asks {
                requests: asks.input_requests.unwrap_or_default(),
                state: asks.request_state,
            },
            Ok(Answered::Result(result)) => match self.keep_result(&result).await {
                Ok(()) => Outcome::Result,
                Err(problem) => Outcome::Error(failure(format!(
                    "the tool's result could not be kept: {problem}"
                ))),
            },
        };
        match self.take(&outcome).await {
            // The input requests do not fit, so the client cannot be asked.
            Err(problem @ StoreError::TooLarge) => {
                self.take(&Outcome::Error(failure(problem.to_string())))
                    .await
            }
            finished => finished,
        }
    }

    async fn take(&self, outcome: &Outcome) -> Result<Finished, StoreError> {
        let ledger = &self.tasks.ledger;
        let finished = ledger.step(self.caller(), &self.item.task, |record, now| {
            record.finish(&self.worker, outcome, now)
        });
        Ok(finished
            .await?
            .map_or(Finished::TooLate, |(_, finished)| finished))
    }

    async fn keep_result(&self, result: &Value) -> Result<(), StoreError> {
        let part = Part::Result {
            worker: &self.worker,
        };
        let ledger = &self.tasks.ledger;
        ledger
            .keep(self.caller(), &self.item.task, part, result, self.expires)
            .await
    }
}

fn answered(result: ServerResult) -> Result<Answered, ErrorData> {
    if let ServerResult::InputRequiredResult(asks) = result {
        return Ok(Answered::Asks(asks));
    }
    if matches!(result, ServerResult::CreateTaskResult(_)) {
        return Err(failure(
            "the tool answered with a task of its own, which has no place in a task",
        ));
    }
    let result = serde_json::to_value(result);
    result.map(Answered::Result).map_err(|problem| {
        failure(format!(
            "the tool's result cannot be written down: {problem}"
        ))
    })
}

/// The tool's progress as a sentence.
fn progress_text(progress: &ProgressNotificationParam) -> String {
    let share = match progress.total {
        Some(total) => format!("{} of {total}", progress.progress),
        None => progress.progress.to_string(),
    };
    match &progress.message {
        Some(message) => format!("{message} ({share})"),
        None => share,
    }
}
