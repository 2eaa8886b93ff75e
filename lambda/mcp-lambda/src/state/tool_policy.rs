//! Lets a tool declare what it keeps: sessions, cached results, tasks.

use std::time::Duration;

use crate::state::requirements::CacheUse;
use crate::tool_policy::ToolPolicy;

impl ToolPolicy {
    /// The tool reads the value of the conversation, with [`SessionState::read`](crate::SessionState::read).
    ///
    /// The tool gets an additional argument, `conversation`, and the server the table `state`; see
    /// [`SessionState`](crate::SessionState).
    #[must_use]
    pub fn reads_session(mut self) -> Self {
        self.state.session.reads = true;
        self
    }

    /// The tool changes the value of the conversation, with [`SessionState::update`](crate::SessionState::update). It may also
    /// read it.
    #[must_use]
    pub fn writes_session(mut self) -> Self {
        self.state.session.writes = true;
        self
    }

    /// The tool removes the value of the conversation, with [`SessionState::end`](crate::SessionState::end). It may also read it.
    #[must_use]
    pub fn ends_session(mut self) -> Self {
        self.state.session.ends = true;
        self
    }

    /// The tool reads the value of its caller, with [`PersonState::read`](crate::PersonState::read). The server gets the table
    /// `state`.
    #[must_use]
    pub fn reads_person(mut self) -> Self {
        self.state.person.reads = true;
        self
    }

    /// The tool changes the value of its caller, with [`PersonState::update`](crate::PersonState::update). It may also read it.
    #[must_use]
    pub fn writes_person(mut self) -> Self {
        self.state.person.writes = true;
        self
    }

    /// The tool removes the value of its caller, with [`PersonState::remove`](crate::PersonState::remove). It may also read it.
    #[must_use]
    pub fn removes_person(mut self) -> Self {
        self.state.person.ends = true;
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
    /// Does not know what else a result depends on: the time, a `SessionState`, the client's description. Two concurrent
    /// calls both run.
    #[must_use]
    pub fn cached(mut self, time_to_live: Duration) -> Self {
        self.state.cache = Some(CacheUse {
            seconds: time_to_live.as_secs(),
            for_everyone: false,
        });
        self
    }

    /// As [`ToolPolicy::cached`], for a tool whose result does not depend on the caller: callers whose access tokens have
    /// the same OAuth scopes of this server share it.
    #[must_use]
    pub fn cached_for_everyone(self, time_to_live: Duration) -> Self {
        let mut policy = self.cached(time_to_live);
        if let Some(cache) = &mut policy.state.cache {
            cache.for_everyone = true;
        }
        policy
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
    #[must_use]
    pub fn as_task(mut self) -> Self {
        self.state.task_mut();
        self
    }

    /// As [`ToolPolicy::as_task`], but clients that do not support tasks are refused (-32021).
    #[must_use]
    pub fn only_as_task(mut self) -> Self {
        self.state.task_mut().is_required = true;
        self
    }

    /// As [`ToolPolicy::as_task`], from the tool's call to [`TaskStart::begin`](crate::TaskStart::begin) on; before that it
    /// runs in the request.
    #[must_use]
    pub fn as_task_begun_by_tool(mut self) -> Self {
        self.state.task_mut().is_begun_by_tool = true;
        self
    }

    /// As [`ToolPolicy::as_task`], with the lifetime of a task after its creation, in whole seconds. Default: one hour. A
    /// task that is not done by then is lost.
    #[must_use]
    pub fn task_time_to_live(mut self, time: Duration) -> Self {
        self.state.task_mut().seconds = time.as_secs();
        self
    }
}
