//! Replaces `audit` without the feature of that name: the same functions without effect. Callers need no `cfg`, and the
//! compiler removes all of it.

use std::fmt;
use std::sync::Arc;

use mcp_lambda_contract::{AuditApi, AuditOutcome, Reader, ServerInfo, Setting};

use crate::runtime::deadline::Deadline;
use crate::runtime::invocation_ids::InvocationIds;
use crate::runtime::process::Process;
use crate::runtime::start_error::StartError;
use crate::token::caller::Caller;

/// A server cannot declare an audit trail.
#[derive(Default)]
pub(crate) struct AuditDeclaration {}

impl AuditDeclaration {
    pub(crate) fn definitions(&self) -> Vec<Setting> {
        Vec::new()
    }

    pub(crate) fn read_settings(&self, _reader: &mut Reader<'_>) -> Option<()> {
        Some(())
    }

    pub(crate) fn start(
        &self,
        _settings: (),
        _server: &ServerInfo,
        _process: &Process,
    ) -> Result<Audit, StartError> {
        Ok(Audit::default())
    }
}

#[derive(Clone, Default)]
pub(crate) struct Audit {}

impl Audit {
    pub(crate) fn call(
        &self,
        _api: AuditApi,
        _caller: &Arc<Caller>,
        _invocation: Option<&InvocationIds>,
    ) -> AuditedCall {
        AuditedCall::default()
    }

    pub(crate) fn before(&self, deadline: Deadline) -> Deadline {
        deadline
    }
}

#[derive(Clone, Default)]
pub(crate) struct AuditedCall {}

impl AuditedCall {
    pub(crate) fn is_audited(&self) -> bool {
        false
    }

    pub(crate) async fn admit(&self, _deadline: Deadline) -> Result<(), AuditProblem> {
        Ok(())
    }

    pub(crate) async fn record(
        &self,
        _tool: Option<&str>,
        _outcome: AuditOutcome,
        _reason: Option<&str>,
        _deadline: Deadline,
    ) -> Result<(), AuditProblem> {
        Ok(())
    }
}

/// Reasons for a call without a record, of which there are none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AuditProblem {}

impl AuditProblem {
    pub(crate) fn has_run(&self) -> bool {
        match *self {}
    }
}

impl fmt::Display for AuditProblem {
    fn fmt(&self, _formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}
