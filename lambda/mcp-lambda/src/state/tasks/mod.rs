//! The Tasks extension of 2026-07-28 (`io.modelcontextprotocol/tasks`): the response to a call is a task, the work
//! continues after the response, in another process of the function, and the client polls for the result.
//!
//! No process keeps the state of a task. The state is one versioned item of the store, which every step replaces with a
//! conditional write, so no step is lost and none is applied twice.

mod call;
mod continuation;
mod record;
mod self_invocation;
mod start;
mod task_calls;
mod task_store;
mod traced;
mod wire;
mod work_item;
pub(crate) mod worker;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use mcp_lambda_contract::SelfInvocation as SelfInvocationGrant;
use rmcp::ErrorData;
use rmcp::model::{CreateTaskResult, DetailedTask, InputResponses, JsonObject};
use serde_json::json;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::runtime::aws::AwsEnvironment;
use crate::runtime::client_span::current_traceparent;
use crate::runtime::log::Log;
use crate::runtime::process::Process;
use crate::runtime::start_error::StartError;
use crate::state::requirements::{StateRequirements, TaskUse};
use crate::state::store::{State, StoreError, unguessable};
use crate::token::caller::Caller;
use continuation::{Continuation, ContinuationError, InProcess};
use record::{Record, Stage};
use self_invocation::SelfInvocation;
use task_store::{Part, TaskStore};

pub(crate) use call::Call;
pub use start::TaskStart;
pub(crate) use start::Turn;
pub(crate) use work_item::WorkItem;

/// The tasks of one server.
#[derive(Clone)]
pub(crate) struct Tasks {
    task_store: TaskStore,
    continuation: Arc<dyn Continuation>,
    uses: Arc<BTreeMap<String, TaskUse>>,
    log: Log,
}

/// The self-invocation that the constructs must permit. Lambda redelivers after a failure before the work began.
pub(crate) fn self_invocation() -> SelfInvocationGrant {
    SelfInvocationGrant {
        maximum_event_age_seconds: u32::try_from(record::BEGINS_WITHIN.as_secs())
            .unwrap_or(u32::MAX),
        retry_attempts: 2,
    }
}

/// The tasks of a server, if a tool declares one, and the receiver of their work items in plain HTTP mode.
pub(crate) fn start(
    state: Option<&State>,
    requirements: &StateRequirements,
    process: &Process,
) -> Result<(Option<Tasks>, Option<UnboundedReceiver<String>>), StartError> {
    let Some(state) = state.filter(|_| requirements.has_tasks()) else {
        return Ok((None, None));
    };
    let uses = requirements.tools.iter();
    let uses = uses.filter_map(|(tool, kept)| Some((tool.clone(), kept.task?)));
    let (continuation, work): (Arc<dyn Continuation>, _) = if process.is_function() {
        let aws = AwsEnvironment::new(process);
        (Arc::new(SelfInvocation::new(&aws, process.now)?), None)
    } else {
        let (continuation, work) = InProcess::new();
        (Arc::new(continuation), Some(work))
    };
    let tasks = Tasks {
        task_store: TaskStore {
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
    /// The message of the call is too long for the store.
    TooLarge,
    Failed(ErrorData),
}

impl Tasks {
    /// The tool's declaration about tasks.
    pub(crate) fn use_of(&self, tool: &str) -> Option<TaskUse> {
        self.uses.get(tool).copied()
    }

    /// Creates a task for a call. Before this returns, the task can be requested and its work has been sent.
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
            self.task_store.now(),
            Duration::from_secs(task_use.seconds),
        );
        let expires = record.expires();
        match self
            .task_store
            .keep(caller, &task, Part::Call, call, expires)
            .await
        {
            Err(StoreError::TooLarge) => return Err(NotCreated::TooLarge),
            kept => kept.map_err(|problem| failed(&problem))?,
        }
        self.task_store
            .create(caller, &task, &record)
            .await
            .map_err(|problem| failed(&problem))?;
        if let Err(problem) = self.send(caller, &task, record.round).await {
            // The client gets the error now; the task, which it does not know, must not begin later.
            let given_up = self.task_store.step(caller, &task, |record, now| {
                record.give_up(record::failure(problem.to_string()), now);
            });
            // If this write fails too, the task expires unseen.
            let _ = given_up.await;
            return Err(failed(&problem));
        }
        Ok(CreateTaskResult::new(wire::task(&task, &record)))
    }

    /// `tasks/get`. `may_see` checks whether the caller may get results of this tool.
    pub(crate) async fn get(
        &self,
        caller: &Caller,
        task: &str,
        may_see: impl Fn(&str) -> Result<(), ErrorData>,
    ) -> Result<DetailedTask, ErrorData> {
        let looked = self.task_store.step(caller, task, |record, now| {
            may_see(&record.tool)?;
            Ok(record.send_again(now))
        });
        let (record, send_again) = find(looked.await, task)?;
        if send_again? && let Err(problem) = self.send(caller, task, record.round).await {
            // The next `tasks/get` retries.
            self.log.error(
                "the work of a task could not be sent again",
                &json!({ "reason": problem.to_string() }),
            );
        }
        let mut result = None;
        if let Stage::Completed { worker } = &record.stage {
            let kept = self.task_store.kept(caller, task, Part::Result { worker });
            let kept: Option<JsonObject> = kept.await.map_err(|problem| unavailable(&problem))?;
            result = Some(kept.ok_or_else(|| unavailable(&StoreError::Nonsense))?);
        }
        Ok(wire::detailed(task, &record, result))
    }

    /// `tasks/update`: responses to open input requests. Other responses are ignored.
    pub(crate) async fn update(
        &self,
        caller: &Caller,
        task: &str,
        answers: &InputResponses,
        may_see: impl Fn(&str) -> Result<(), ErrorData>,
    ) -> Result<(), ErrorData> {
        let answered = self.task_store.step(caller, task, |record, now| {
            may_see(&record.tool)?;
            // Resends an earlier update that was lost on its way to the worker.
            Ok(record.answer(answers, now) || record.send_again(now))
        });
        let (record, goes_on) = find(answered.await, task)?;
        if goes_on? {
            self.send(caller, task, record.round)
                .await
                .map_err(|problem| record::failure(problem.to_string()))?;
        }
        Ok(())
    }

    /// `tasks/cancel`: cancels an unfinished task, and leaves a finished one unchanged.
    pub(crate) async fn cancel(&self, caller: &Caller, task: &str) -> Result<(), ErrorData> {
        let cancelled = self
            .task_store
            .step(caller, task, |record, now| record.cancel(now));
        find(cancelled.await, task).map(|_| ())
    }

    async fn send(&self, caller: &Caller, task: &str, round: u32) -> Result<(), ContinuationError> {
        let sent = self.send_item(caller, task, round);
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
            sent_by: current_traceparent(),
        };
        let sealed = item
            .seal(&self.task_store.state.seal)
            .ok_or(ContinuationError::Unsigned)?;
        self.continuation.send(sealed).await
    }
}

/// The error for another caller's task, an expired one and an unknown one is the same.
fn find<T>(step: Result<Option<T>, StoreError>, task: &str) -> Result<T, ErrorData> {
    step.map_err(|problem| unavailable(&problem))?
        .ok_or_else(|| ErrorData::invalid_params(format!("no task has the id {task:?}"), None))
}

fn unavailable(problem: &StoreError) -> ErrorData {
    record::failure(problem.to_string())
}
