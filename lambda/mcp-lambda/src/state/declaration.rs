//! Collects what a server declares about state, and adds it to the contract.

use std::time::Duration;

use mcp_lambda_contract::setting_names::MCP_STATE_TABLE;
use mcp_lambda_contract::{
    AwsResource, AwsResourceType, Contract, ContractProblem, EndpointMethod, Reader,
    STATE_RESOURCE, Settings,
};

use crate::state::mcp_session::session_id::LIFETIME;
use crate::state::requirements::{self, StateRequirements};
use crate::state::session_state::takes_the_argument;
use crate::state::settings::{self, LimitSettings, StateSettings};
use crate::state::tasks;
use crate::tool_policy::policy_of;

/// What a server declares about state, besides its tools.
pub(crate) struct StateDeclaration {
    pub(crate) asks_clients: bool,
    pub(crate) resumes_streams: bool,
    pub(crate) limits_callers: bool,
    pub(crate) session_time_to_live: Duration,
    pub(crate) person_time_to_live: Duration,
}

/// How long the value of a person is kept after its last change.
const PERSON_LIFETIME: Duration = Duration::from_secs(365 * 24 * 60 * 60);

impl Default for StateDeclaration {
    /// The value of a conversation is kept as long as a session id is valid.
    fn default() -> Self {
        Self {
            asks_clients: false,
            resumes_streams: false,
            limits_callers: false,
            session_time_to_live: LIFETIME,
            person_time_to_live: PERSON_LIFETIME,
        }
    }
}

impl StateDeclaration {
    /// What the server needs for this declaration and those of its tools.
    pub(crate) fn requirements(&self, tools: &[rmcp::model::Tool]) -> StateRequirements {
        StateRequirements {
            asks_clients: self.asks_clients || self.resumes_streams,
            resumes_streams: self.resumes_streams,
            limits_callers: self.limits_callers,
            session_time_to_live: self.session_time_to_live,
            person_time_to_live: self.person_time_to_live,
            tools: tools
                .iter()
                .map(|tool| (tool.name.to_string(), policy_of(tool).state))
                .collect(),
        }
    }
}

impl StateRequirements {
    /// Adds the table with its settings and IAM actions, the self-invocation, and the HTTP methods besides POST.
    pub(crate) fn add_to(&self, contract: &mut Contract) {
        if !self.table() {
            return;
        }
        contract.settings.extend(settings::definitions(self));
        contract.resources.push(AwsResource {
            name: STATE_RESOURCE.to_owned(),
            resource_type: AwsResourceType::DynamodbTable,
            setting: MCP_STATE_TABLE.to_owned(),
        });
        for tool in &mut contract.tools {
            let has_session = self
                .tools
                .get(&tool.name)
                .is_some_and(|tool| tool.session.is_any());
            if self.asks_clients || has_session {
                let added = requirements::actions_of_sessions();
                requirements::merge(&mut tool.aws_actions, &added);
            }
        }
        contract.self_invocation = self.has_tasks().then(tasks::self_invocation);
        let methods = [
            (EndpointMethod::Delete, self.has_mcp_sessions()),
            (EndpointMethod::Get, self.resumes_streams),
        ];
        let needed = methods.into_iter().filter(|(_, is_needed)| *is_needed);
        contract.endpoint_methods = needed.map(|(method, _)| method).collect();
    }

    /// Declarations of tools that are contradictory.
    pub(crate) fn problems(&self, tools: &[rmcp::model::Tool]) -> Vec<ContractProblem> {
        let problem = |tool: &rmcp::model::Tool| {
            let declared = self.tools.get(tool.name.as_ref())?;
            let taken = declared.session.is_any() && takes_the_argument(tool);
            let is_short = declared.session.is_any() && self.session_time_to_live.as_secs() == 0;
            let rule = declared
                .problem()
                .or(taken.then_some(
                    "has a SessionState and a member conversation of its own, which is where the handle travels: rename it",
                ))
                .or(is_short.then_some(
                    "has a SessionState that is kept for less than a second: use a longer session_time_to_live",
                ));
            let is_brief = declared.person.is_any() && self.person_time_to_live.as_secs() == 0;
            let rule = rule.or(is_brief.then_some(
                "has a PersonState that is kept for less than a second: use a longer person_time_to_live",
            ));
            Some(ContractProblem::Tool {
                tool: tool.name.to_string(),
                rule: rule?,
            })
        };
        tools.iter().filter_map(problem).collect()
    }

    /// Reads the settings of a server that keeps state. The outer `None` is an invalid one, which the reader records.
    pub(crate) fn read_settings(
        &self,
        reader: &mut Reader<'_>,
    ) -> Option<Option<(StateSettings, LimitSettings)>> {
        if !self.table() {
            return Some(None);
        }
        let state = StateSettings::read(reader);
        let limits = LimitSettings::read(reader);
        state.zip(limits).map(Some)
    }
}
