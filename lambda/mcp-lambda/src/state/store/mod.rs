//! Keeps values for every process of the function, and seals values for clients.

mod attempts;
mod dynamodb;
mod item;
mod keys;
mod memory;
mod store_error;
mod store_trait;
mod traced;
mod version;

use std::sync::Arc;

use mcp_lambda_contract::McpSettings;

use crate::runtime::aws::AwsEnvironment;
use crate::runtime::process::Process;
use crate::runtime::start_error::StartError;
use dynamodb::DynamoDbStore;
use traced::TracedStore;

pub(crate) use attempts::Attempts;
pub(crate) use item::{MAX_VALUE, seconds};
pub(crate) use keys::{Seal, StateKeys, unguessable};
pub(crate) use memory::MemoryStore;
pub(crate) use store_error::StoreError;
pub(crate) use store_trait::Store;
pub(crate) use version::{Version, Versioned};

/// The store of one server, and the keys that seal its values.
#[derive(Clone)]
pub(crate) struct State {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) seal: Arc<Seal>,
}

impl State {
    /// The plain HTTP mode, which is one process, uses memory and a random key.
    pub(crate) fn new(
        table: Option<String>,
        keys: Option<StateKeys>,
        mcp: &McpSettings,
        process: &Process,
    ) -> Result<Self, StartError> {
        let keys = match keys {
            Some(keys) => keys,
            None => StateKeys::random().map_err(StartError::Server)?,
        };
        let store: Arc<dyn Store> = match table {
            Some(table) => {
                let client = AwsEnvironment::new(process).dynamodb()?;
                let store = DynamoDbStore::new(client, table.clone(), process.now);
                Arc::new(TracedStore::new(store, table))
            }
            None => Arc::new(MemoryStore::new(process.now)),
        };
        Ok(Self {
            store,
            seal: Arc::new(Seal::new(keys, mcp.resource.as_str(), process.now)),
        })
    }
}
