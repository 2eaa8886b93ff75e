//! Records one tool call once, whichever part of the library knows its outcome first.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, SecondsFormat, Utc};
use mcp_lambda_contract::{AuditApi, AuditCallerKind, AuditOutcome, AuditRecord};

use crate::audit::chain::random_id;
use crate::audit::problem::{AuditProblem, Reason};
use crate::audit::trail::Trail;
use crate::runtime::deadline::Deadline;
use crate::runtime::invocation_ids::InvocationIds;
use crate::token::caller::{Caller, CallerKind};

/// One tool call, and its record once the outcome is known. Without an audit trail nothing happens.
#[derive(Clone, Default)]
pub(crate) struct AuditedCall(Option<Arc<Call>>);

struct Call {
    trail: Arc<Trail>,
    api: AuditApi,
    caller: Arc<Caller>,
    request_id: Option<String>,
    stage: Mutex<Stage>,
}

#[derive(Clone, Default)]
enum Stage {
    #[default]
    Open,
    /// The record is at this position of the chain.
    Appended(u64),
    /// There is no record, for this reason.
    Lost(AuditProblem),
}

impl AuditedCall {
    pub(super) fn new(
        trail: Option<&Arc<Trail>>,
        api: AuditApi,
        caller: &Arc<Caller>,
        invocation: Option<&InvocationIds>,
    ) -> Self {
        Self(trail.map(|trail| {
            Arc::new(Call {
                trail: Arc::clone(trail),
                api,
                caller: Arc::clone(caller),
                request_id: invocation.map(|ids| ids.request_id.clone()),
                stage: Mutex::default(),
            })
        }))
    }

    /// Whether there is an audit trail.
    pub(crate) fn is_audited(&self) -> bool {
        self.0.is_some()
    }

    /// Whether the tool may run: its call can be recorded, as far as is known.
    pub(crate) async fn admit(&self, deadline: Deadline) -> Result<(), AuditProblem> {
        let Some(call) = &self.0 else {
            return Ok(());
        };
        let admitted = call.trail.admit(deadline.for_record()).await;
        admitted.map_err(|reason| call.lost(AuditProblem::Unavailable(reason)))
    }

    /// Writes the record of the call, which is complete when this returns. If another part of the library has recorded the
    /// call before, waits for that record instead.
    pub(crate) async fn record(
        &self,
        tool: Option<&str>,
        outcome: AuditOutcome,
        reason: Option<&str>,
        deadline: Deadline,
    ) -> Result<(), AuditProblem> {
        let Some(call) = &self.0 else {
            return Ok(());
        };
        let sequence = call.append(tool, outcome, reason)?;
        let written = call.trail.written(sequence, deadline.for_record()).await;
        written.map_err(|reason| call.lost(AuditProblem::NotWritten(reason)))
    }
}

impl Call {
    /// Appends the record, unless that has happened.
    fn append(
        &self,
        tool: Option<&str>,
        outcome: AuditOutcome,
        reason: Option<&str>,
    ) -> Result<u64, AuditProblem> {
        let mut stage = self.stage();
        match &*stage {
            Stage::Appended(sequence) => return Ok(*sequence),
            Stage::Lost(problem) => return Err(problem.clone()),
            Stage::Open => {}
        }
        let request_id = match &self.request_id {
            Some(id) => id.clone(),
            None => random_id().map_err(|_| AuditProblem::NotWritten(Reason::NoRandomness))?,
        };
        let caller = &self.caller;
        let time = DateTime::<Utc>::from((self.trail.now)());
        let appended = self.trail.append(AuditRecord {
            chain: String::new(),
            sequence: 0,
            previous: String::new(),
            time: time.to_rfc3339_opts(SecondsFormat::Millis, true),
            server: self.trail.server.clone(),
            request_id,
            api: self.api,
            subject: caller.subject().to_owned(),
            client: caller.app_client_id().to_owned(),
            kind: match caller.kind() {
                CallerKind::Person => AuditCallerKind::Person,
                CallerKind::Machine => AuditCallerKind::Program,
            },
            scopes: caller.scopes().map(str::to_owned).collect(),
            tool: tool.map(str::to_owned),
            outcome,
            reason: reason.map(str::to_owned),
            digest: String::new(),
        });
        match appended {
            Ok(sequence) => {
                *stage = Stage::Appended(sequence);
                Ok(sequence)
            }
            Err(reason) => {
                let problem = AuditProblem::NotWritten(reason);
                *stage = Stage::Lost(problem.clone());
                Err(problem)
            }
        }
    }

    fn lost(&self, problem: AuditProblem) -> AuditProblem {
        *self.stage() = Stage::Lost(problem.clone());
        problem
    }

    fn stage(&self) -> std::sync::MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
