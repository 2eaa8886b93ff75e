//! Declares what a tool needs ([`Access`]): OAuth scopes, IAM actions, and what it keeps.

use mcp_lambda_contract::{AwsActions, Tool};
use rmcp::model::MetaObject;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[cfg(feature = "dynamodb")]
use crate::state::StateUse;

/// The `_meta` key of a tool's [`Access`] inside the server; clients never see it.
const META_KEY: &str = "mcp-lambda/access";

/// What a tool needs, declared beside it: `#[tool(meta = Access::scopes(&["counter.read"]).meta())]`.
///
/// rmcp keeps the declaration in the tool's `_meta`; the library removes it before a client sees the tool.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Access {
    scopes: Vec<String>,
    aws_actions: Vec<AwsActions>,
    #[cfg(feature = "dynamodb")]
    #[serde(default, skip_serializing_if = "StateUse::is_nothing")]
    pub(crate) state: StateUse,
}

impl Access {
    /// The tool may be called by a caller that has all these scopes, given by name (without the resource identifier).
    #[must_use]
    pub fn scopes(names: &[&str]) -> Self {
        Self {
            scopes: names.iter().map(|name| (*name).to_owned()).collect(),
            ..Self::default()
        }
    }

    /// The tool performs these IAM actions on the AWS resource that the server declares under this name; the
    /// constructs grant the function nothing else.
    #[must_use]
    pub fn aws(mut self, resource: &str, actions: &[&str]) -> Self {
        self.aws_actions.push(AwsActions {
            actions: actions.iter().map(|action| (*action).to_owned()).collect(),
            resource: resource.to_owned(),
        });
        self
    }

    /// The tool reads the value of the conversation, with [`Session::read`](crate::Session::read).
    ///
    /// The tool gets an additional argument, `conversation`, and the server the table `state`; see
    /// [`Session`](crate::Session).
    #[cfg(feature = "dynamodb")]
    #[must_use]
    pub fn reads_session(mut self) -> Self {
        self.state.session.reads = true;
        self
    }

    /// The tool changes the value of the conversation, with [`Session::update`](crate::Session::update). It may also
    /// read it.
    #[cfg(feature = "dynamodb")]
    #[must_use]
    pub fn writes_session(mut self) -> Self {
        self.state.session.writes = true;
        self
    }

    /// The tool removes the value of the conversation, with [`Session::end`](crate::Session::end). It may also read it.
    #[cfg(feature = "dynamodb")]
    #[must_use]
    pub fn ends_session(mut self) -> Self {
        self.state.session.ends = true;
        self
    }

    /// A result of the tool is cached for this long, in whole seconds, and returned for later calls of the same caller
    /// with the same arguments, without running the tool.
    ///
    /// The cache key is: the server's name and version, the tool, the arguments as canonical JSON (like RFC 8785, with
    /// exact whole numbers), the caller with its app client, and the OAuth scopes and groups of its access token.
    /// Results of other callers are never returned.
    ///
    /// Results with `isError`, errors, input requests, results for which the server asked the client, and results
    /// larger than 350 KiB are not cached. A call that carries the client's responses runs the tool. A failing or slow
    /// cache is logged, and the tool runs.
    ///
    /// Does not know what else a result depends on: the time, a `Session`, the client's description. Two concurrent
    /// calls both run.
    #[cfg(feature = "dynamodb")]
    #[must_use]
    pub fn cached(mut self, time_to_live: std::time::Duration) -> Self {
        self.state.cache = Some(crate::state::CacheUse {
            seconds: time_to_live.as_secs(),
            for_everyone: false,
        });
        self
    }

    /// As [`Access::cached`], for a tool whose result does not depend on the caller: callers whose access tokens have
    /// the same OAuth scopes of this server share it.
    #[cfg(feature = "dynamodb")]
    #[must_use]
    pub fn cached_for_everyone(self, time_to_live: std::time::Duration) -> Self {
        let mut access = self.cached(time_to_live);
        if let Some(cache) = &mut access.state.cache {
            cache.for_everyone = true;
        }
        access
    }

    /// The tool runs as a task (extension `io.modelcontextprotocol/tasks` of 2026-07-28) for clients that support
    /// tasks: the response is immediate, the tool runs in an invocation of its own, and the client polls for the
    /// result. For other clients it runs in the request.
    ///
    /// The tool asks its client with `InputRequiredResult`, whether it runs as a task or not; its progress becomes the
    /// task's status message. A task whose worker dies or runs out of time fails; it is never run a second time.
    /// Cancelling it drops the tool at its next `.await`.
    ///
    /// The server gets the table `state` and needs permission to invoke itself (`lambda:InvokeFunction`), which the
    /// constructs grant. In plain HTTP mode the work continues in the process.
    #[cfg(feature = "dynamodb")]
    #[must_use]
    pub fn as_task(mut self) -> Self {
        self.state.task_mut();
        self
    }

    /// As [`Access::as_task`], but clients that do not support tasks are refused (-32021).
    #[cfg(feature = "dynamodb")]
    #[must_use]
    pub fn only_as_task(mut self) -> Self {
        self.state.task_mut().is_required = true;
        self
    }

    /// As [`Access::as_task`], from the tool's call to [`TaskStart::begin`](crate::TaskStart::begin) on; before that it
    /// runs in the request.
    #[cfg(feature = "dynamodb")]
    #[must_use]
    pub fn as_task_begun_by_tool(mut self) -> Self {
        self.state.task_mut().is_begun_by_tool = true;
        self
    }

    /// As [`Access::as_task`], with the lifetime of a task after its creation, in whole seconds. Default: one hour. A
    /// task that is not done by then is lost.
    #[cfg(feature = "dynamodb")]
    #[must_use]
    pub fn task_time_to_live(mut self, time: std::time::Duration) -> Self {
        self.state.task_mut().seconds = time.as_secs();
        self
    }

    /// The declaration in the form that `#[tool(meta = …)]` takes.
    #[must_use]
    pub fn meta(self) -> MetaObject {
        let mut meta = MetaObject::new();
        meta.0.insert(META_KEY.to_owned(), json!(self));
        meta
    }
}

/// Removes the declaration from a tool, so that clients see neither it nor an empty `_meta`.
pub(crate) fn take_access(tool: &mut rmcp::model::Tool) -> Access {
    let Some(meta) = tool.meta.as_mut() else {
        return Access::default();
    };
    let declared = meta.0.remove(META_KEY);
    if meta.0.is_empty() {
        tool.meta = None;
    }
    match declared {
        None => Access::default(),
        // A declaration that cannot be read must not open the tool: no server can declare this scope, so the
        // definition is refused.
        Some(declared) => {
            serde_json::from_value(declared).unwrap_or_else(|_| Access::scopes(&[""]))
        }
    }
}

/// The entry of one tool in the contract.
pub(crate) fn contract_tool(mut tool: rmcp::model::Tool) -> Tool {
    let access = take_access(&mut tool);
    #[cfg(feature = "dynamodb")]
    crate::session::describe(&mut tool, access.state.session);
    #[cfg(feature = "dynamodb")]
    let actions_on_state = access.state.aws_actions();
    #[cfg(not(feature = "dynamodb"))]
    let actions_on_state = None;
    let Access {
        scopes,
        mut aws_actions,
        ..
    } = access;
    aws_actions.extend(actions_on_state);
    Tool {
        name: tool.name.into_owned(),
        title: tool.title,
        description: tool.description.map(std::borrow::Cow::into_owned),
        input_schema: Value::Object((*tool.input_schema).clone()),
        output_schema: tool
            .output_schema
            .map(|schema| Value::Object((*schema).clone())),
        annotations: tool
            .annotations
            .and_then(|annotations| serde_json::to_value(annotations).ok()),
        scopes,
        aws_actions,
    }
}
