//! Says what a program needs to use the tools of a server as plain REST.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::app::{Entry, ToolsApi};
use super::emulator::Deployed;

/// What a program needs to use the tools of a server as plain REST.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolsApiOutputs {
    /// The base URL.
    pub url: String,
    /// The id of each API key by its name.
    pub api_keys: BTreeMap<String, String>,
}

impl ToolsApiOutputs {
    pub(crate) fn new(api: &Entry<ToolsApi>, deployed: &Deployed) -> Self {
        let value = |expression| deployed.value(&api.stack, expression);
        let keys = api.record.api_keys.iter();
        Self {
            url: value(&api.record.url).unwrap_or_default(),
            api_keys: keys
                .filter_map(|(name, id)| Some((name.clone(), value(id)?)))
                .collect(),
        }
    }
}

/// The base URL of each, and the command that reads the value of each key.
pub(crate) fn block(apis: &BTreeMap<String, ToolsApiOutputs>, endpoint: &str) -> String {
    let apis = apis.values().map(|api| {
        let keys = api.api_keys.iter().map(|(name, id)| {
            format!(
                "# API key of {name}\naws --endpoint-url {endpoint} apigateway get-api-key --include-value --query value --output text --api-key {id}\n"
            )
        });
        let keys: String = keys.collect();
        format!("# The tools as plain REST\n{}\n{keys}\n", api.url)
    });
    apis.collect()
}
