//! What has to outlive an invocation: a store that every process of the function reaches, and the keys that seal
//! what a client carries for it.

mod dynamodb;
mod keys;
mod memory;
mod store;
mod version;

use std::sync::Arc;

use mcp_lambda_contract::{AwsActions, McpSettings, Reader, Setting, Settings};

use crate::aws::AwsEnvironment;
use crate::definition::StartError;
use crate::process::Process;
use dynamodb::DynamoDbStore;
use memory::MemoryStore;

pub(crate) use keys::{Seal, StateKeys, unguessable};
pub(crate) use store::{Store, StoreError};
pub(crate) use version::{Version, Versioned};

/// Name of the table in the contract.
pub(crate) const TABLE: &str = "state";
/// The setting that holds the table's physical name.
pub(crate) const TABLE_SETTING: &str = "MCP_STATE_TABLE";

mcp_lambda_contract::settings! {
    /// The settings of a server that keeps state. On Lambda both are needed.
    pub(crate) struct StateSettings owned by McpLambda {
        /// Name of the DynamoDB table that holds what is open between two invocations. Its TTL attribute is expires.
        pub(crate) table: Option<String> = "MCP_STATE_TABLE",
        /// Secret. Comma-separated keys that seal session ids, each an id, a colon and 32 bytes in Base64. The first
        /// one seals, all of them open: put a new key first, and remove the old one a week later.
        pub(crate) keys: Option<StateKeys> = "MCP_STATE_KEYS",
    }
}

/// The definitions as the constructs need them. In plain HTTP mode the server does without both, on Lambda it does not.
pub(crate) fn definitions() -> impl Iterator<Item = Setting> {
    StateSettings::definitions()
        .into_iter()
        .map(|setting| Setting {
            required: true,
            ..setting
        })
}

/// What the library itself does to the table while any tool runs.
pub(crate) fn aws_actions() -> AwsActions {
    AwsActions {
        actions: vec!["dynamodb:GetItem".to_owned(), "dynamodb:PutItem".to_owned()],
        resource: TABLE.to_owned(),
    }
}

/// The state of one server.
#[derive(Clone)]
pub(crate) struct State {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) seal: Arc<Seal>,
}

/// Reads the settings; `None` when one had a problem, which the reader then knows.
pub(crate) fn read(reader: &mut Reader<'_>) -> Option<StateSettings> {
    StateSettings::read(reader)
}

impl State {
    /// In plain HTTP mode, which is one process, memory and a key made up at the start do.
    pub(crate) fn new(
        settings: StateSettings,
        mcp: &McpSettings,
        process: &Process,
    ) -> Result<Self, StartError> {
        if process.is_function() {
            let missing: Vec<&str> = [
                (TABLE_SETTING, settings.table.is_none()),
                ("MCP_STATE_KEYS", settings.keys.is_none()),
            ]
            .into_iter()
            .filter_map(|(name, is_missing)| is_missing.then_some(name))
            .collect();
            if !missing.is_empty() {
                return Err(StartError::Server(format!(
                    "environment variables cannot be used: {} not set; a server that asks its clients keeps state and needs them on Lambda",
                    missing.join(", ")
                )));
            }
        }
        let keys = match settings.keys {
            Some(keys) => keys,
            None => StateKeys::random().map_err(StartError::Server)?,
        };
        let store: Arc<dyn Store> = match settings.table {
            Some(table) => Arc::new(DynamoDbStore::new(
                AwsEnvironment::new(process).dynamodb()?,
                table,
                process.now,
            )),
            None => Arc::new(MemoryStore::new(process.now)),
        };
        Ok(Self {
            store,
            seal: Arc::new(Seal::new(keys, mcp.resource.as_str(), process.now)?),
        })
    }
}
