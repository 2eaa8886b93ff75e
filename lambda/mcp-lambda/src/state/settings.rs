//! The settings of a server that keeps state.

use mcp_lambda_contract::setting_names::{MCP_RESULT_CACHE, MCP_STATE_KEYS, MCP_STATE_TABLE};
use mcp_lambda_contract::{Setting, Settings};

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
