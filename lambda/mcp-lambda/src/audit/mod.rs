//! Writes a record of each tool call to an audit trail before its response leaves, for a server that declares one and a
//! deployment that names its log group.

mod call;
mod chain;
mod problem;
mod sink;
mod trail;

use std::sync::Arc;
use std::time::Duration;

use mcp_lambda_contract::setting_names::MCP_AUDIT_LOG_GROUP;
use mcp_lambda_contract::{AuditApi, Reader, ServerInfo, Setting, Settings};

use crate::runtime::aws::AwsEnvironment;
use crate::runtime::deadline::Deadline;
use crate::runtime::invocation_ids::InvocationIds;
use crate::runtime::log_stream::LogStream;
use crate::runtime::process::Process;
use crate::runtime::start_error::StartError;
use crate::token::caller::Caller;
use trail::Trail;

pub(crate) use call::AuditedCall;
pub(crate) use problem::AuditProblem;

/// A tool is stopped this much earlier, so that the record of its call can be written.
const MARGIN: Duration = Duration::from_secs(1);

mcp_lambda_contract::settings! {
    /// The settings of a server that can write an audit trail.
    pub(crate) struct AuditSettings owned by McpLambda {
        /// Name of the log group of CloudWatch Logs with the audit trail: a record of each tool call, which is written before its
        /// response leaves. Default: there is no audit trail.
        pub(crate) log_group: Option<String> = MCP_AUDIT_LOG_GROUP,
    }
}

/// Whether a server can write an audit trail.
#[derive(Default)]
pub(crate) struct AuditDeclaration {
    pub(crate) is_on: bool,
}

impl AuditDeclaration {
    /// The settings of the contract.
    pub(crate) fn definitions(&self) -> Vec<Setting> {
        if self.is_on {
            AuditSettings::definitions()
        } else {
            Vec::new()
        }
    }

    /// Reads the settings of a server that declares an audit trail. The outer `None` is an invalid one, which the reader
    /// records.
    pub(crate) fn read_settings(&self, reader: &mut Reader<'_>) -> Option<Option<AuditSettings>> {
        if self.is_on {
            AuditSettings::read(reader).map(Some)
        } else {
            Some(None)
        }
    }

    /// The audit trail of this process. Does not use the network before the first call.
    pub(crate) fn start(
        &self,
        settings: Option<AuditSettings>,
        server: &ServerInfo,
        process: &Process,
    ) -> Result<Audit, StartError> {
        let Some(group) = settings.and_then(|settings| settings.log_group) else {
            return Ok(Audit::default());
        };
        let chain = chain::random_id().map_err(StartError::Server)?;
        let aws = AwsEnvironment::new(process);
        let sink = LogStream::new(&aws, &group, &chain, process.now)?;
        Ok(Audit(Some(Arc::new(Trail::new(
            &server.name,
            chain,
            Box::new(sink),
            process.now,
            process.log.clone(),
        )))))
    }
}

/// The audit trail of one process, if there is one.
#[derive(Clone, Default)]
pub(crate) struct Audit(Option<Arc<Trail>>);

impl Audit {
    /// One tool call of this caller.
    pub(crate) fn call(
        &self,
        api: AuditApi,
        caller: &Arc<Caller>,
        invocation: Option<&InvocationIds>,
    ) -> AuditedCall {
        AuditedCall::new(self.0.as_ref(), api, caller, invocation)
    }

    /// The deadline of a tool.
    pub(crate) fn before(&self, deadline: Deadline) -> Deadline {
        match self.0 {
            Some(_) => deadline.earlier_by(MARGIN),
            None => deadline,
        }
    }
}
