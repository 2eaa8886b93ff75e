//! The settings of a server that keeps state.

use std::num::NonZeroU32;

use mcp_lambda_contract::setting_names::{
    MCP_CALLER_REQUESTS_PER_MINUTE, MCP_CALLER_TOOL_CALLS_PER_DAY, MCP_RESULT_CACHE,
    MCP_STATE_KEYS, MCP_STATE_TABLE,
};
use mcp_lambda_contract::{Setting, Settings, ToolCallLimits};

use crate::runtime::process::Process;
use crate::runtime::start_error::StartError;
use crate::state::requirements::StateRequirements;
use crate::state::store::StateKeys;

mcp_lambda_contract::settings! {
    /// The settings of a server that keeps state.
    pub(crate) struct StateSettings owned by McpLambda {
        /// Name of the DynamoDB table that holds what outlives an invocation. Its TTL attribute is expires.
        pub(crate) table: Option<String> = MCP_STATE_TABLE,
        /// Secret. Comma-separated secrets that seal session ids, each an id, a colon and 43 to 256 random letters,
        /// digits, +, /, =, - and _; a secret without an id and a colon has the id generated. The first one seals, all
        /// of them open: put a new one first, and remove the old one a week later.
        pub(crate) keys: Option<StateKeys> = MCP_STATE_KEYS,
        /// Whether results of the tools that are cached come from the cache. With false every call runs the tool.
        pub(crate) result_cache: bool = MCP_RESULT_CACHE or "true",
    }
}

mcp_lambda_contract::settings! {
    /// The limits of single callers of a server that keeps state.
    pub(crate) struct LimitSettings owned by McpLambda {
        /// The most requests of one person or program in a minute of the clock. One more gets 429 and Retry-After. Each request
        /// is a write to MCP_STATE_TABLE. Default: no limit.
        pub(crate) requests_per_minute: Option<NonZeroU32> = MCP_CALLER_REQUESTS_PER_MINUTE,
        /// The most calls of single tools by one person or program in a day of UTC, as a JSON object, for example
        /// {"create-order":20}. One more is an error that says when the tool may be called again. Each call of such a tool is a
        /// write to MCP_STATE_TABLE. Default: no limit.
        pub(crate) tool_calls_per_day: Option<ToolCallLimits> = MCP_CALLER_TOOL_CALLS_PER_DAY,
    }
}

/// The definitions for the constructs: optional in plain HTTP mode, required on Lambda.
pub(crate) fn definitions(needs: &StateRequirements) -> Vec<Setting> {
    StateSettings::definitions()
        .into_iter()
        .filter(|setting| match setting.name {
            MCP_STATE_KEYS => needs.keys(),
            MCP_RESULT_CACHE => needs.has_cached_results(),
            _ => needs.table(),
        })
        .map(|setting| Setting {
            required: setting.default.is_none(),
            ..setting
        })
        .chain(
            needs
                .table()
                .then(LimitSettings::definitions)
                .into_iter()
                .flatten(),
        )
        .collect()
}

impl StateSettings {
    /// Refuses to run on Lambda without what the server needs there.
    pub(crate) fn check(
        &self,
        needs: &StateRequirements,
        process: &Process,
    ) -> Result<(), StartError> {
        let missing: Vec<&str> = [
            (MCP_STATE_TABLE, self.table.is_none()),
            (MCP_STATE_KEYS, self.keys.is_none() && needs.keys()),
        ]
        .into_iter()
        .filter_map(|(name, is_missing)| is_missing.then_some(name))
        .collect();
        if missing.is_empty() || !process.is_function() {
            return Ok(());
        }
        Err(StartError::Server(format!(
            "environment variables cannot be used: {} not set; a server that keeps state needs them on Lambda",
            missing.join(", ")
        )))
    }
}
