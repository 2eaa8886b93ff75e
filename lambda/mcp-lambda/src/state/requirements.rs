//! Defines what tools keep, and derives the IAM actions and HTTP methods that a server needs for it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use mcp_lambda_contract::{AwsActions, STATE_RESOURCE};
use serde::{Deserialize, Serialize};

const GET: &str = "dynamodb:GetItem";
const PUT: &str = "dynamodb:PutItem";
const DELETE: &str = "dynamodb:DeleteItem";

/// The state that one tool declares.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct StateUse {
    pub(crate) session: ValueUse,
    #[serde(default, skip_serializing_if = "ValueUse::is_nothing")]
    pub(crate) person: ValueUse,
    pub(crate) cache: Option<CacheUse>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) task: Option<TaskUse>,
}

/// The operations of one tool on a value: that of its conversation, or that of its caller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ValueUse {
    pub(crate) reads: bool,
    pub(crate) writes: bool,
    pub(crate) ends: bool,
}

/// How long a tool's results are cached, and for which callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CacheUse {
    pub(crate) seconds: u64,
    pub(crate) for_everyone: bool,
}

/// How a tool runs as a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TaskUse {
    /// Clients that do not know tasks cannot call the tool.
    pub(crate) is_required: bool,
    /// The tool decides when it becomes a task.
    pub(crate) is_begun_by_tool: bool,
    /// How long a task is kept after it was created.
    pub(crate) seconds: u64,
}

/// The default of [`TaskUse::seconds`].
const TASK_SECONDS: u64 = 60 * 60;

impl ValueUse {
    pub(crate) fn is_any(self) -> bool {
        self.reads || self.writes || self.ends
    }

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde calls it with a reference"
    )]
    fn is_nothing(&self) -> bool {
        !self.is_any()
    }
}

impl StateUse {
    /// The tool's use of tasks, added if absent.
    pub(crate) fn task_mut(&mut self) -> &mut TaskUse {
        self.task.get_or_insert(TaskUse {
            is_required: false,
            is_begun_by_tool: false,
            seconds: TASK_SECONDS,
        })
    }

    pub(crate) fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// Whether clients that do not know tasks cannot call the tool.
    pub(crate) fn only_as_task(&self) -> bool {
        self.task.is_some_and(|task| task.is_required)
    }

    /// The IAM actions of the library on the table for this tool.
    pub(crate) fn aws_actions(&self) -> Option<AwsActions> {
        let mut actions = BTreeSet::new();
        let values = [self.session, self.person];
        let reads = values.into_iter().any(ValueUse::is_any);
        if reads || self.cache.is_some() || self.task.is_some() {
            actions.insert(GET);
        }
        let writes = values.into_iter().any(|value| value.writes);
        if writes || self.cache.is_some() || self.task.is_some() {
            actions.insert(PUT);
        }
        if values.into_iter().any(|value| value.ends) {
            actions.insert(DELETE);
        }
        (!actions.is_empty()).then(|| on_table(&actions))
    }

    /// The problem that makes the declaration invalid, if any.
    pub(crate) fn problem(&self) -> Option<&'static str> {
        if self.task.is_some_and(|task| task.seconds == 0) {
            return Some("has tasks that are kept for less than a second: use a longer time");
        }
        let cache = self.cache.as_ref()?;
        if self.session.is_any() || self.person.is_any() {
            return Some(
                "is cached and has the value of a conversation or of its caller, which a cached result would ignore: declare one of the two",
            );
        }
        (cache.seconds == 0).then_some("is cached for less than a second: use a longer time")
    }
}

/// The IAM actions of the library on the table for MCP sessions: it checks whether they have ended, and stores messages
/// between processes.
pub(super) fn actions_of_sessions() -> AwsActions {
    on_table(&BTreeSet::from([GET, PUT]))
}

/// Adds actions to those that a tool has on the same table.
pub(super) fn merge(tool: &mut Vec<AwsActions>, added: &AwsActions) {
    match tool
        .iter_mut()
        .find(|actions| actions.resource == added.resource)
    {
        None => tool.push(added.clone()),
        Some(actions) => {
            let all: BTreeSet<&String> = actions.actions.iter().chain(&added.actions).collect();
            actions.actions = all.into_iter().cloned().collect();
        }
    }
}

fn on_table(actions: &BTreeSet<&str>) -> AwsActions {
    AwsActions {
        actions: actions.iter().map(|action| (*action).to_owned()).collect(),
        resource: STATE_RESOURCE.to_owned(),
    }
}

/// The state of a whole server.
#[derive(Clone, Debug)]
pub(crate) struct StateRequirements {
    pub(crate) asks_clients: bool,
    pub(crate) resumes_streams: bool,
    pub(crate) limits_callers: bool,
    pub(crate) session_time_to_live: Duration,
    pub(crate) person_time_to_live: Duration,
    pub(crate) tools: BTreeMap<String, StateUse>,
}

impl StateRequirements {
    pub(crate) fn has_sessions(&self) -> bool {
        self.tools.values().any(|tool| tool.session.is_any())
    }

    /// Whether clients of older revisions get a session id.
    pub(crate) fn has_mcp_sessions(&self) -> bool {
        self.asks_clients || self.has_sessions()
    }

    /// Whether a tool runs as a task.
    pub(crate) fn has_tasks(&self) -> bool {
        self.tools.values().any(|tool| tool.task.is_some())
    }

    /// Whether results of a tool are cached.
    pub(crate) fn has_cached_results(&self) -> bool {
        self.tools.values().any(|tool| tool.cache.is_some())
    }

    /// Whether anything is sealed: session ids of older revisions, or the work of tasks.
    pub(crate) fn keys(&self) -> bool {
        self.has_mcp_sessions() || self.has_tasks()
    }

    pub(crate) fn table(&self) -> bool {
        self.limits_callers
            || self.keys()
            || self
                .tools
                .values()
                .any(|tool| tool.cache.is_some() || tool.person.is_any())
    }
}
