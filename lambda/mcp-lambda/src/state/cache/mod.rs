//! Caches the results of tools for later calls with the same arguments.

mod canonical;

use std::time::{Duration, SystemTime};

use mcp_lambda_contract::ServerInfo;
use rmcp::model::{CallToolRequestParams, CallToolResult};
use serde::{Deserialize, Serialize};
use serde_json::{Map, json};

use crate::runtime::deadline::Deadline;
use crate::runtime::log::Log;
use crate::state::requirements::CacheUse;
use crate::state::store::{State, StoreError};
use crate::token::caller::Caller;
use canonical::canonical;

/// Time limit of one read and of one write: a slower cache saves nothing.
const PATIENCE: Duration = Duration::from_millis(500);
/// Time that must remain until the deadline in addition.
const MARGIN: Duration = Duration::from_millis(250);

/// The cache of one server's results.
#[derive(Clone)]
pub(crate) struct ResultCache {
    state: State,
    server: ServerInfo,
    log: Log,
    now: fn() -> SystemTime,
}

/// A result as it is stored.
#[derive(Deserialize, Serialize)]
struct Kept<R> {
    /// When the tool returned it, in seconds since the epoch.
    at: u64,
    result: R,
}

/// The cache entry of one call.
pub(crate) struct Entry<'a> {
    cache: &'a ResultCache,
    tool: String,
    key: String,
    deadline: Deadline,
    time_to_live: Duration,
}

impl ResultCache {
    pub(crate) fn new(state: State, server: ServerInfo, log: Log, now: fn() -> SystemTime) -> Self {
        Self {
            state,
            server,
            log,
            now,
        }
    }

    fn seconds(&self) -> u64 {
        let since_epoch = (self.now)().duration_since(SystemTime::UNIX_EPOCH);
        since_epoch.unwrap_or_default().as_secs()
    }

    /// The entry of this call, which is unique to the server version, tool, arguments and access.
    pub(crate) fn entry(
        &self,
        cached: CacheUse,
        caller: &Caller,
        request: &CallToolRequestParams,
        deadline: Deadline,
    ) -> Entry<'_> {
        let arguments = request
            .arguments
            .as_ref()
            .map_or_else(|| canonical(&Map::new()), canonical);
        let set = |names: Vec<&str>| json!(names).to_string();
        let scopes = set(caller.scopes().collect());
        let parts = [
            "result",
            &self.server.name,
            &self.server.version,
            &request.name,
            &arguments,
            &scopes,
        ];
        let key = if cached.for_everyone {
            self.state.seal.shared_key(&parts)
        } else {
            let groups = set(caller.groups().collect());
            let parts: Vec<&str> = parts.into_iter().chain([groups.as_str()]).collect();
            self.state.seal.key(caller, &parts)
        };
        Entry {
            cache: self,
            tool: request.name.to_string(),
            key,
            deadline,
            time_to_live: Duration::from_secs(cached.seconds),
        }
    }
}

impl Entry<'_> {
    /// The result of an earlier call and its age in seconds, if it can be read in time.
    pub(crate) async fn result(&self) -> Option<(CallToolResult, u64)> {
        let looked = self.within(self.cache.state.store.get(self.key.clone()));
        let text = self.log_failure("read", looked.await)??;
        let kept = serde_json::from_str(&text).map_err(|_| StoreError::Nonsense);
        let Kept { at, result } = self.log_failure("read", kept)?;
        Some((result, self.cache.seconds().saturating_sub(at)))
    }

    /// Stores the result for later calls, unless it is an error.
    pub(crate) async fn keep(&self, result: &CallToolResult) {
        if result.is_error == Some(true) {
            return;
        }
        let at = self.cache.seconds();
        let kept = match serde_json::to_string(&Kept { at, result }) {
            Ok(text) => {
                let store = &self.cache.state.store;
                self.within(store.put(self.key.clone(), text, self.time_to_live))
                    .await
            }
            Err(_) => Err(StoreError::Nonsense),
        };
        self.log_failure("write", kept);
    }

    async fn within<T>(
        &self,
        operation: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let left = self.deadline.remaining();
        let patience = left.map_or(PATIENCE, |left| left.saturating_sub(MARGIN).min(PATIENCE));
        tokio::time::timeout(patience, operation)
            .await
            .unwrap_or(Err(StoreError::TooSlow))
    }

    /// The call continues without the cache.
    fn log_failure<T>(&self, step: &str, outcome: Result<T, StoreError>) -> Option<T> {
        outcome
            .inspect_err(|problem| {
                self.cache.log.error(
                    "the result cache was not used",
                    &json!({ "tool": self.tool, "step": step, "reason": problem.to_string() }),
                );
            })
            .ok()
    }
}
