//! The Tasks extension of 2026-07-28 (`io.modelcontextprotocol/tasks`): a call is answered with a task, the work goes on
//! after the answer, at another process of the function, and the client asks for what has come of it.
//!
//! Nothing about a task is kept in a process. What a task has come to is one versioned item of the store, which every
//! step replaces under the condition that nobody else has; so no step is lost, and none is taken twice.

mod call;
mod continuation;
mod guarded;
mod ledger;
mod record;
mod self_invocation;
mod start;
#[cfg(feature = "opentelemetry")]
mod traced;
mod wire;
mod work_item;
mod worker;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use mcp_lambda_contract::SelfInvocation as SelfInvocationNeed;
use rmcp::ErrorData;
use rmcp::model::{CreateTaskResult, DetailedTask, InputResponses, JsonObject};
use serde_json::json;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::runtime::aws::AwsEnvironment;
use crate::runtime::log::Log;
use crate::runtime::process::Process;
use crate::runtime::start_error::StartError;
use crate::state::ServerState;
use crate::state::{StoreError, TaskUse, unguessable};
use crate::telemetry::spans;
use crate::token::caller::Caller;
use continuation::{Continuation, ContinuationError, InProcess};
use ledger::{Ledger, Part};
use record::{Record, Stage};
use self_invocation::SelfInvocation;
use work_item::WorkItem;

pub(crate) use call::Call;
pub(crate) use guarded::advertise;
pub use start::TaskStart;
pub(crate) use start::Turn;
pub(crate) use work_item::read_work;
pub(crate) use worker::{WorkProblem, Worker};

/// The tasks of one server.
#[derive(Clone)]
pub(crate) struct Tasks {
    ledger: Ledger,
    continuation: Arc<dyn Continuation>,
    uses: Arc<BTreeMap<String, TaskUse>>,
    log: Log,
}

/// What the constructs have to permit. A delivery that failed before the work began is worth another.
pub(crate) fn self_invocation() -> SelfInvocationNeed {
    SelfInvocationNeed {
        maximum_event_age_seconds: u32::try_from(record::BEGINS_WITHIN.as_secs())
            .unwrap_or(u32::MAX),
        retry_attempts: 2,
    }
}

/// The tasks of a server, if a tool declares one, and where their work arrives when it goes on in this process.
pub(crate) fn start(
    kept: Option<&ServerState>,
    process: &Process,
) -> Result<(Option<Tasks>, Option<UnboundedReceiver<String>>), StartError> {
    let Some(ServerState { state, needs, .. }) = kept.filter(|kept| kept.needs.has_tasks()) else {
        return Ok((None, None));
    };
    let uses = needs.tools.iter();
    let uses = uses.filter_map(|(tool, kept)| Some((tool.clone(), kept.task?)));
    let (continuation, work): (Arc<dyn Continuation>, _) = if process.is_function() {
        let aws = AwsEnvironment::new(process);
        (Arc::new(SelfInvocation::new(&aws, process.now)?), None)
    } else {
        let (continuation, work) = InProcess::new();
        (Arc::new(continuation), Some(work))
    };
    let tasks = Tasks {
        ledger: Ledger {
            state: state.clone(),
            now: process.now,
        },
        continuation,
        uses: Arc::new(uses.collect()),
        log: process.log.clone(),
    };
    Ok((Some(tasks), work))
}

/// Why a call does not become a task.
pub(crate) enum NotCreated {
    /// The message of the call is longer than the store takes.
    TooLarge,
    Failed(ErrorData),
}

impl Tasks {
    /// What the tool declares about tasks.
    pub(crate) fn use_of(&self, tool: &str) -> Option<TaskUse> {
        self.uses.get(tool).copied()
    }

    /// Answers a call with a task. From before the answer on it can be asked for, and the work is under way.
    pub(crate) async fn create(
        &self,
        caller: &Caller,
        call: &Call,
        task_use: TaskUse,
    ) -> Result<CreateTaskResult, NotCreated> {
        let failed = |problem: &dyn std::fmt::Display| {
            NotCreated::Failed(ErrorData::internal_error(problem.to_string(), None))
        };
        let task = unguessable().map_err(|problem| failed(&problem))?;
        let record = Record::new(
            call.tool(),
            self.ledger.now(),
            Duration::from_secs(task_use.seconds),
        );
        let expires = record.expires();
        match self
            .ledger
            .keep(caller, &task, Part::Call, call, expires)
            .await
        {
            Err(StoreError::TooLarge) => return Err(NotCreated::TooLarge),
            kept => kept.map_err(|problem| failed(&problem))?,
        }
        self.ledger
            .create(caller, &task, &record)
            .await
            .map_err(|problem| failed(&problem))?;
        if let Err(problem) = self.send(caller, &task, record.round).await {
            // The client hears of the problem now; the task, of which it does not, must not begin later.
            let given_up = self.ledger.step(caller, &task, |record, now| {
                record.give_up(record::failure(problem.to_string()), now);
            });
            // What cannot be written down either expires unseen.
            let _ = given_up.await;
            return Err(failed(&problem));
        }
        Ok(CreateTaskResult::new(wire::task(&task, &record)))
    }

    /// `tasks/get`. `may_see` says whether the caller may have what this tool answers.
    pub(crate) async fn get(
        &self,
        caller: &Caller,
        task: &str,
        may_see: impl Fn(&str) -> Result<(), ErrorData>,
    ) -> Result<DetailedTask, ErrorData> {
        let looked = self.ledger.step(caller, task, |record, now| {
            may_see(&record.tool)?;
            Ok(record.send_again(now))
        });
        let (record, send_again) = found(looked.await, task)?;
        if send_again? && let Err(problem) = self.send(caller, task, record.round).await {
            // The next look tries once more.
            self.log.error(
                "the work of a task could not be sent again",
                &json!({ "reason": problem.to_string() }),
            );
        }
        let mut result = None;
        if let Stage::Completed { worker } = &record.stage {
            let kept = self.ledger.kept(caller, task, Part::Result { worker });
            let kept: Option<JsonObject> = kept.await.map_err(|problem| unavailable(&problem))?;
            result = Some(kept.ok_or_else(|| unavailable(&StoreError::Nonsense))?);
        }
        Ok(wire::detailed(task, &record, result))
    }

    /// `tasks/update`: answers to open questions. Answers that nobody waits for are ignored.
    pub(crate) async fn update(
        &self,
        caller: &Caller,
        task: &str,
        answers: &InputResponses,
        may_see: impl Fn(&str) -> Result<(), ErrorData>,
    ) -> Result<(), ErrorData> {
        let answered = self.ledger.step(caller, task, |record, now| {
            may_see(&record.tool)?;
            // An earlier update that was lost on its way to the worker is sent again.
            Ok(record.answer(answers, now) || record.send_again(now))
        });
        let (record, goes_on) = found(answered.await, task)?;
        if goes_on? {
            self.send(caller, task, record.round)
                .await
                .map_err(|problem| record::failure(problem.to_string()))?;
        }
        Ok(())
    }

    /// `tasks/cancel`: cancels what is not over, and leaves what is over as it is.
    pub(crate) async fn cancel(&self, caller: &Caller, task: &str) -> Result<(), ErrorData> {
        let cancelled = self
            .ledger
            .step(caller, task, |record, now| record.cancel(now));
        found(cancelled.await, task).map(|_| ())
    }

    async fn send(&self, caller: &Caller, task: &str, round: u32) -> Result<(), ContinuationError> {
        let sent = self.send_item(caller, task, round);
        #[cfg(feature = "opentelemetry")]
        if let Some(function) = self.continuation.function() {
            return traced::invocation(function, sent).await;
        }
        sent.await
    }

    async fn send_item(
        &self,
        caller: &Caller,
        task: &str,
        round: u32,
    ) -> Result<(), ContinuationError> {
        let item = WorkItem {
            caller: caller.clone(),
            task: task.to_owned(),
            round,
            sent_by: spans::current_traceparent(),
        };
        let sealed = item
            .seal(&self.ledger.state.seal)
            .ok_or(ContinuationError::Unsigned)?;
        self.continuation.send(sealed).await
    }
}

/// Another caller's task, an expired one and one that never was are told apart by nobody.
fn found<T>(step: Result<Option<T>, StoreError>, task: &str) -> Result<T, ErrorData> {
    step.map_err(|problem| unavailable(&problem))?
        .ok_or_else(|| ErrorData::invalid_params(format!("no task has the id {task:?}"), None))
}

fn unavailable(problem: &StoreError) -> ErrorData {
    record::failure(problem.to_string())
}
