//! Runs the tools of tasks and writes down their progress and results.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use mcp_lambda_contract::AuditApi;
use rmcp::ErrorData;
use rmcp::model::{
    ClientJsonRpcMessage, GetExtensions, InputRequiredResult, JsonRpcMessage,
    ProgressNotificationParam, ProtocolVersion, ServerJsonRpcMessage, ServerNotification,
    ServerResult,
};
use rmcp::service::serve_directly;
use rmcp::transport::OneshotTransport;
use rmcp::{RoleServer, ServerHandler};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::audit::AuditedCall;
use crate::guard::Guarded;
use crate::request_facts::RequestFacts;
use crate::revision::Revision;
use crate::runtime::deadline::Deadline;
use crate::state::store::{StoreError, unguessable};
use crate::state::tasks::call::Call;
use crate::state::tasks::continuation::ContinuationError;
use crate::state::tasks::record::{Finished, Outcome, Time, failure, milliseconds};
use crate::state::tasks::task_store::Part;
use crate::state::tasks::work_item::WorkItem;
use crate::state::tasks::{Tasks, Turn};
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
pub(crate) enum WorkError {
    Store(StoreError),
    Continuation(ContinuationError),
    NoRandomness,
}

impl fmt::Display for WorkError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WorkError::Store(problem) => problem.fmt(formatter),
            WorkError::Continuation(problem) => problem.fmt(formatter),
            WorkError::NoRandomness => {
                formatter.write_str("the operating system gives no random bytes")
            }
        }
    }
}

impl From<StoreError> for WorkError {
    fn from(problem: StoreError) -> Self {
        WorkError::Store(problem)
    }
}

/// One claimed run of a tool.
struct Run<'a> {
    tasks: &'a Tasks,
    item: &'a WorkItem,
    outcome: telemetry::Outcome,
    audit: AuditedCall,
    /// The unique name of this run.
    worker: String,
    expires: Time,
}

/// The result of the tool.
enum Completion {
    Result(Value),
    Asks(InputRequiredResult),
}

impl<S: ServerHandler> Worker<S> {
    pub(crate) fn new(server: Guarded<S>, tasks: Tasks) -> Self {
        Self { server, tasks }
    }

    /// Opens a work item; `None`, which is logged, for one that this server did not seal or that is too old.
    pub(crate) fn open(&self, sealed: &str) -> Option<WorkItem> {
        let item = WorkItem::open(&self.tasks.task_store.state.seal, sealed);
        if item.is_none() {
            let reason =
                json!({ "reason": "it is not sealed with a key of this server, or too old" });
            self.tasks.log.error("a work item was refused", &reason);
        }
        item
    }

    /// Processes one item; does nothing when another worker has claimed it or the task is over.
    ///
    /// # Errors
    ///
    /// [`WorkError`] when nothing was begun, or the next run could not be sent. Delivering the item again is safe.
    pub(crate) async fn work(
        &self,
        item: WorkItem,
        deadline: Deadline,
        record: &mut telemetry::Record,
    ) -> Result<(), WorkError> {
        let task_store = &self.tasks.task_store;
        let worker = unguessable().map_err(|_| WorkError::NoRandomness)?;
        let left = deadline.until_end();
        let claimed = task_store
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
        record.tool(&task.tool);
        record.admit();
        let run = Run {
            tasks: &self.tasks,
            item: &item,
            outcome: record.outcome(),
            audit: self.server.audit.call(
                AuditApi::Task,
                &Arc::new(item.caller.clone()),
                record.invocation(),
            ),
            worker,
            expires: claim.expires,
        };
        let completion = match run.call().await {
            Ok(call) => match call.message(claim.input) {
                Ok(message) => self.run(&run, message, deadline).await,
                Err(error) => Err(error),
            },
            Err(error) => Err(error),
        };
        match run.finish(completion).await {
            Ok(Finished::GoesOn) => {
                let next = item.round.saturating_add(1);
                let sent = self.tasks.send(&item.caller, &item.task, next).await;
                sent.map_err(WorkError::Continuation)
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
    ) -> Result<Completion, ErrorData> {
        let stop = Arc::new(Notify::new());
        if let JsonRpcMessage::Request(request) = &mut message {
            let mut head = Request::post("/")
                .body(())
                .unwrap_or_default()
                .into_parts()
                .0;
            // Only clients of the newest revision know tasks.
            let mut facts = RequestFacts::new(
                Arc::new(run.item.caller.clone()),
                deadline.earlier_by(WRITE_MARGIN),
                Revision::parse(ProtocolVersion::V_2026_07_28.as_str()),
                run.outcome.clone(),
            );
            facts.audit = run.audit.clone();
            facts.state.turn = Some(Turn::Work {
                stop: Arc::clone(&stop),
            });
            facts.attach(&mut head.extensions);
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
                    Some(JsonRpcMessage::Response(response)) => return complete(response.result),
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
        let task_store = &self.tasks.task_store;
        let kept = task_store
            .kept(self.caller(), &self.item.task, Part::Call)
            .await;
        kept.map_err(|problem| failure(problem.to_string()))?
            .ok_or_else(|| failure("the call of this task is gone"))
    }

    /// Whether the task is still running; `true` when the store fails.
    async fn goes_on(&self, status: Option<&str>) -> bool {
        let task_store = &self.tasks.task_store;
        let looked = task_store.step(self.caller(), &self.item.task, |record, now| {
            record.report(&self.worker, status, now)
        });
        match looked.await {
            Ok(looked) => looked.is_some_and(|(_, goes_on)| goes_on),
            Err(_) => true,
        }
    }

    async fn finish(
        &self,
        completion: Result<Completion, ErrorData>,
    ) -> Result<Finished, StoreError> {
        let outcome = match completion {
            Err(error) => Outcome::Error(error),
            Ok(Completion::Asks(asks)) => Outcome::Asks {
                requests: asks.input_requests.unwrap_or_default(),
                state: asks.request_state,
            },
            Ok(Completion::Result(result)) => match self.keep_result(&result).await {
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
        let task_store = &self.tasks.task_store;
        let finished = task_store.step(self.caller(), &self.item.task, |record, now| {
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
        let task_store = &self.tasks.task_store;
        task_store
            .keep(self.caller(), &self.item.task, part, result, self.expires)
            .await
    }
}

fn complete(result: ServerResult) -> Result<Completion, ErrorData> {
    if let ServerResult::InputRequiredResult(asks) = result {
        return Ok(Completion::Asks(asks));
    }
    if matches!(result, ServerResult::CreateTaskResult(_)) {
        return Err(failure(
            "the tool answered with a task of its own, which has no place in a task",
        ));
    }
    let result = serde_json::to_value(result);
    result.map(Completion::Result).map_err(|problem| {
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
