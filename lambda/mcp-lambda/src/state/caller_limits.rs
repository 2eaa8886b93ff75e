//! Limits the requests of one person or program, and their calls of single tools.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::SystemTime;

use mcp_lambda_contract::setting_names::MCP_CALLER_TOOL_CALLS_PER_DAY;

use crate::runtime::deadline::Deadline;
use crate::runtime::start_error::StartError;
use crate::state::refusal::StateRefusal;
use crate::state::requirements::StateRequirements;
use crate::state::settings::LimitSettings;
use crate::state::store::{Attempts, State, seconds};
use crate::token::caller::Caller;

const MINUTE: u64 = 60;
const DAY: u64 = 24 * 60 * 60;
/// A counter is kept this long after its window, for processes whose clocks differ.
const KEPT_AFTER: u64 = 60 * 60;

/// The limits of single callers; without settings there are none.
///
/// A limit holds for a window of the UTC clock: a minute, or a day. Each counted use is one conditional write, which succeeds
/// only below the limit, so that a limit is exact whichever processes count.
#[derive(Clone, Default)]
pub(crate) struct CallerLimits(Option<Arc<Limits>>);

struct Limits {
    state: State,
    requests_per_minute: Option<NonZeroU32>,
    /// By the tool's name.
    tool_calls_per_day: BTreeMap<String, NonZeroU32>,
    now: fn() -> SystemTime,
}

impl CallerLimits {
    /// The limits of the deployment.
    ///
    /// # Errors
    ///
    /// [`StartError::Server`] names a tool that the server does not have.
    pub(crate) fn new(
        settings: LimitSettings,
        state: &State,
        requirements: &StateRequirements,
        now: fn() -> SystemTime,
    ) -> Result<Self, StartError> {
        let LimitSettings {
            requests_per_minute,
            tool_calls_per_day,
        } = settings;
        let tool_calls_per_day = tool_calls_per_day.unwrap_or_default().0;
        let unknown = tool_calls_per_day.keys();
        let mut unknown = unknown.filter(|tool| !requirements.tools.contains_key(*tool));
        if let Some(tool) = unknown.next() {
            let tools: Vec<&str> = requirements.tools.keys().map(String::as_str).collect();
            return Err(StartError::Server(format!(
                "environment variables cannot be used: {MCP_CALLER_TOOL_CALLS_PER_DAY} must name tools of the server ({}), got {tool:?}",
                tools.join(", ")
            )));
        }
        if requests_per_minute.is_none() && tool_calls_per_day.is_empty() {
            return Ok(Self(None));
        }
        Ok(Self(Some(Arc::new(Limits {
            state: state.clone(),
            requests_per_minute,
            tool_calls_per_day,
            now,
        }))))
    }

    /// Counts a request of this caller.
    pub(crate) async fn request(
        &self,
        caller: &Caller,
        deadline: Deadline,
    ) -> Result<(), StateRefusal> {
        let Some(limits) = &self.0 else {
            return Ok(());
        };
        let Some(limit) = limits.requests_per_minute else {
            return Ok(());
        };
        let parts = ["requests"];
        let counted = limits.count(caller, &parts, limit, MINUTE, deadline);
        match counted.await? {
            Counted::Within => Ok(()),
            Counted::Above { window_end } => Err(StateRefusal::RequestLimitReached {
                limit: limit.get(),
                seconds: limits.until(window_end),
            }),
        }
    }

    /// Counts a call of the tool by this caller.
    pub(crate) async fn tool_call(
        &self,
        tool: &str,
        caller: &Caller,
        deadline: Deadline,
    ) -> Result<(), StateRefusal> {
        let Some(limits) = &self.0 else {
            return Ok(());
        };
        let Some(limit) = limits.tool_calls_per_day.get(tool) else {
            return Ok(());
        };
        let parts = ["tool", tool];
        let counted = limits.count(caller, &parts, *limit, DAY, deadline);
        match counted.await? {
            Counted::Within => Ok(()),
            Counted::Above { window_end } => Err(StateRefusal::ToolLimitReached {
                tool: tool.to_owned(),
                limit: limit.get(),
                seconds: limits.until(window_end),
            }),
        }
    }
}

enum Counted {
    Within,
    /// The limit is reached until then, in seconds since 1970.
    Above {
        window_end: u64,
    },
}

impl Limits {
    /// Counts one use in the window that the time is in.
    async fn count(
        &self,
        caller: &Caller,
        parts: &[&str],
        limit: NonZeroU32,
        window: u64,
        deadline: Deadline,
    ) -> Result<Counted, StateRefusal> {
        let start = seconds((self.now)()) / window * window;
        let window_end = start + window;
        let start = start.to_string();
        let mut key = vec!["limit", start.as_str()];
        key.extend(parts);
        let key = self.state.seal.person_key(caller, &key);
        let store = &self.state.store;
        let expires = window_end + KEPT_AFTER;
        let mut attempts = Attempts::until(deadline);
        let counted = attempts.run(|| store.count(key.clone(), limit.get(), expires));
        match counted.await {
            Ok(true) => Ok(Counted::Within),
            Ok(false) => Ok(Counted::Above { window_end }),
            Err(problem) => Err(StateRefusal::Unavailable(problem)),
        }
    }

    /// Seconds until then, 1 or more.
    fn until(&self, end: u64) -> u64 {
        end.saturating_sub(seconds((self.now)())).max(1)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    use futures_util::future::join_all;
    use mcp_lambda_contract::ToolCallLimits;

    use super::*;
    use crate::state::store::{MemoryStore, Seal, StateKeys};
    use crate::token::caller::{CallerKind, verified_caller};

    static TIME: AtomicU64 = AtomicU64::new(1_800_000_000);

    fn now() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(TIME.load(Ordering::Relaxed))
    }

    fn caller(subject: &str, client: &str, kind: CallerKind) -> Caller {
        let (subject, client) = (subject.to_owned(), client.to_owned());
        verified_caller(subject, client, BTreeSet::new(), BTreeSet::new(), kind)
    }

    fn limits(settings: LimitSettings) -> Result<CallerLimits, StartError> {
        let keys = StateKeys::random().unwrap();
        let state = State {
            store: Arc::new(MemoryStore::new(now)),
            seal: Arc::new(Seal::new(keys, "https://mcp.example.com/mcp", now)),
        };
        let requirements = StateRequirements {
            asks_clients: false,
            resumes_streams: false,
            limits_callers: true,
            session_time_to_live: Duration::from_secs(1),
            person_time_to_live: Duration::from_secs(1),
            tools: BTreeMap::from([(
                "walk".to_owned(),
                crate::state::requirements::StateUse::default(),
            )]),
        };
        CallerLimits::new(settings, &state, &requirements, now)
    }

    fn settings(requests: u32, tool: &str, calls: u32) -> LimitSettings {
        let limit = NonZeroU32::new(calls).unwrap();
        LimitSettings {
            requests_per_minute: NonZeroU32::new(requests),
            tool_calls_per_day: Some(ToolCallLimits(BTreeMap::from([(tool.to_owned(), limit)]))),
        }
    }

    #[tokio::test]
    async fn exactly_the_limit_passes_of_many_at_one_time_and_each_caller_has_its_own() {
        let limits = limits(settings(50, "walk", 7)).unwrap();
        let none = Deadline::none();
        let anna = caller("anna", "one", CallerKind::Person);
        let other_client = caller("anna", "two", CallerKind::Person);
        let requests = join_all((0..200).map(|number| {
            let caller = if number % 2 == 0 {
                &anna
            } else {
                &other_client
            };
            limits.request(caller, none)
        }));
        let passed = requests.await.into_iter().filter(Result::is_ok).count();
        assert_eq!(passed, 50, "whichever app client a person uses");
        let program = caller("anna", "anna", CallerKind::Machine);
        assert_eq!(
            limits.request(&program, none).await,
            Ok(()),
            "another caller"
        );

        let calls = join_all((0..20).map(|_| limits.tool_call("walk", &anna, none)));
        let passed = calls.await.into_iter().filter(Result::is_ok).count();
        assert_eq!(passed, 7);
        assert_eq!(
            limits.tool_call("bark", &anna, none).await,
            Ok(()),
            "without a limit"
        );

        let refused = limits.request(&anna, none).await.unwrap_err();
        let until = 60 - TIME.load(Ordering::Relaxed) % 60;
        assert_eq!(refused.retry_after(), Some(until));
        TIME.fetch_add(until, Ordering::Relaxed);
        assert_eq!(limits.request(&anna, none).await, Ok(()), "the next minute");
        assert!(
            limits.tool_call("walk", &anna, none).await.is_err(),
            "the same day"
        );
    }

    #[test]
    fn a_limit_of_an_unknown_tool_prevents_the_start() {
        let error = limits(settings(1, "wlak", 1)).err().unwrap().to_string();
        assert!(
            error.contains(r#"must name tools of the server (walk), got "wlak""#),
            "{error}"
        );
    }
}
