//! State that outlives an invocation: a store that every process of the function reaches, and the keys that seal values
//! for clients.

mod attempts;
mod dynamodb;
mod item;
mod keys;
mod memory;
mod need;
mod server_state;
mod store;
mod store_error;
#[cfg(feature = "opentelemetry")]
mod traced;
mod version;

use std::sync::Arc;

use mcp_lambda_contract::setting_names::{MCP_STATE_KEYS, MCP_STATE_TABLE};
use mcp_lambda_contract::{
    AwsResource, AwsResourceType, McpSettings, Reader, Setting, Settings, Tool,
};

use crate::runtime::aws::AwsEnvironment;
use crate::runtime::process::Process;
use crate::runtime::start_error::StartError;
use dynamodb::DynamoDbStore;
pub(crate) use memory::MemoryStore;
pub(crate) use server_state::ServerState;

pub(crate) use attempts::Attempts;
pub(crate) use item::MAX_VALUE;
pub(crate) use keys::{Seal, StateKeys, unguessable};
pub(crate) use need::{CacheUse, SessionUse, StateNeeds, StateUse, TaskUse};
pub(crate) use store::Store;
pub(crate) use store_error::StoreError;
pub(crate) use version::{Version, Versioned};

/// Name of the table in the contract.
pub(crate) const TABLE: &str = "state";

mcp_lambda_contract::settings! {
    /// The settings of a server that keeps state.
    pub(crate) struct StateSettings owned by McpLambda {
        /// Name of the DynamoDB table that holds what outlives an invocation. Its TTL attribute is expires.
        pub(crate) table: Option<String> = MCP_STATE_TABLE,
        /// Secret. Comma-separated secrets that seal session ids, each an id, a colon and 43 to 256 random letters,
        /// digits, +, /, =, - and _. The first one seals, all of them open: put a new one first, and remove the old
        /// one a week later.
        pub(crate) keys: Option<StateKeys> = MCP_STATE_KEYS,
    }
}

/// The definitions for the constructs: optional in plain HTTP mode, required on Lambda.
fn definitions(needs: &StateNeeds) -> Vec<Setting> {
    StateSettings::definitions()
        .into_iter()
        .filter(|setting| match setting.name {
            MCP_STATE_KEYS => needs.keys(),
            _ => needs.table(),
        })
        .map(|setting| Setting {
            required: true,
            ..setting
        })
        .collect()
}

/// Adds the table, its settings and its IAM actions for a server that stores state.
pub(crate) fn add_to_contract(
    needs: &StateNeeds,
    settings: &mut Vec<Setting>,
    resources: &mut Vec<AwsResource>,
    tools: &mut [Tool],
) {
    if !needs.table() {
        return;
    }
    settings.extend(definitions(needs));
    resources.push(AwsResource {
        name: TABLE.to_owned(),
        resource_type: AwsResourceType::DynamodbTable,
        setting: MCP_STATE_TABLE.to_owned(),
    });
    for tool in tools {
        let has_session = needs
            .tools
            .get(&tool.name)
            .is_some_and(|tool| tool.session.is_any());
        if needs.asks_clients || has_session {
            need::merge(&mut tool.aws_actions, &need::actions_of_conversations());
        }
    }
}

/// The state of one server.
#[derive(Clone)]
pub(crate) struct State {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) seal: Arc<Seal>,
}

/// Reads the settings; `None` when one is invalid, which the reader records.
pub(crate) fn read(reader: &mut Reader<'_>) -> Option<StateSettings> {
    StateSettings::read(reader)
}

impl State {
    /// The plain HTTP mode, which is one process, uses memory and a random key.
    pub(crate) fn new(
        settings: StateSettings,
        needs: &StateNeeds,
        mcp: &McpSettings,
        process: &Process,
    ) -> Result<Self, StartError> {
        if process.is_function() {
            let missing: Vec<&str> = [
                (MCP_STATE_TABLE, settings.table.is_none()),
                (MCP_STATE_KEYS, settings.keys.is_none() && needs.keys()),
            ]
            .into_iter()
            .filter_map(|(name, is_missing)| is_missing.then_some(name))
            .collect();
            if !missing.is_empty() {
                return Err(StartError::Server(format!(
                    "environment variables cannot be used: {} not set; a server that keeps state needs them on Lambda",
                    missing.join(", ")
                )));
            }
        }
        let keys = match settings.keys {
            Some(keys) => keys,
            None => StateKeys::random().map_err(StartError::Server)?,
        };
        let store: Arc<dyn Store> = match settings.table {
            Some(table) => {
                let client = AwsEnvironment::new(process).dynamodb()?;
                let store = DynamoDbStore::new(client, table.clone(), process.now);
                #[cfg(feature = "opentelemetry")]
                let store = traced::TracedStore::new(store, table);
                Arc::new(store)
            }
            None => Arc::new(MemoryStore::new(process.now)),
        };
        Ok(Self {
            store,
            seal: Arc::new(Seal::new(keys, mcp.resource.as_str(), process.now)),
        })
    }
}
