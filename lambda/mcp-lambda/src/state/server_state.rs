//! The running state of one server.

use std::sync::Arc;
use std::time::SystemTime;

use mcp_lambda_contract::{McpSettings, ServerInfo};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::runtime::log::Log;
use crate::runtime::process::Process;
use crate::runtime::start_error::StartError;
use crate::state::cache::ResultCache;
use crate::state::call_state::{CallState, ToolState};
use crate::state::caller_limits::CallerLimits;
use crate::state::requirements::StateRequirements;
use crate::state::settings::{LimitSettings, StateSettings};
use crate::state::store::State;
use crate::state::tasks::{self, Tasks};

/// What a server keeps, and where.
pub(crate) struct ServerState {
    pub(crate) requirements: StateRequirements,
    /// `None` for a server that keeps nothing.
    pub(crate) state: Option<State>,
    pub(crate) tasks: Option<Tasks>,
    pub(crate) limits: CallerLimits,
    /// Whether results of tools are cached.
    caches: bool,
    now: fn() -> SystemTime,
    /// The work items of tasks in this process.
    work: Option<UnboundedReceiver<String>>,
}

impl ServerState {
    pub(crate) fn new(
        requirements: StateRequirements,
        settings: Option<(StateSettings, LimitSettings)>,
        mcp: &McpSettings,
        process: &Process,
    ) -> Result<Self, StartError> {
        let mut caches = false;
        let mut state = None;
        let mut limits = CallerLimits::default();
        if let Some((settings, of_callers)) = settings {
            settings.check(&requirements, process)?;
            caches = settings.result_cache;
            let kept = State::new(settings.table, settings.keys, mcp, process)?;
            limits = CallerLimits::new(of_callers, &kept, &requirements, process.now)?;
            state = Some(kept);
        }
        let (tasks, work) = tasks::start(state.as_ref(), &requirements, process)?;
        Ok(Self {
            requirements,
            state,
            tasks,
            limits,
            caches,
            now: process.now,
            work,
        })
    }

    /// The work items that arrive in plain HTTP mode.
    pub(crate) fn take_work(&mut self) -> Option<UnboundedReceiver<String>> {
        self.work.take()
    }

    /// What calls of the tools need.
    pub(crate) fn for_calls(&self, server: &ServerInfo, log: &Log) -> CallState {
        let tools = self.state.as_ref().map(|state| {
            let requirements = self.requirements.clone();
            let cache = ResultCache::new(state.clone(), server.clone(), log.clone(), self.now);
            ToolState::new(state.clone(), cache, self.caches, requirements)
        });
        CallState {
            tools: tools.map(Arc::new),
            tasks: self.tasks.clone(),
            limits: self.limits.clone(),
        }
    }
}
