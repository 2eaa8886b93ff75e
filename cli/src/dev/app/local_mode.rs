//! The context key of local mode.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;

/// The context key that the constructs read (docs/local-mode.md).
pub(crate) const LOCAL_KEY: &str = "mcp-lambda:local";

/// Its value: `LocalMode` of `cdk/lib/private/local-mode.ts`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LocalMode {
    /// The origin of each known front, by construct path.
    pub(crate) fronts: BTreeMap<String, String>,
    /// Origins for the others, in the order in which the app defines them.
    pub(crate) new_fronts: Vec<String>,
    pub(crate) sign_in_url: String,
    pub(crate) programs: PathBuf,
    /// The origin of Bedrock's Converse.
    pub(crate) model_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) callback_port: Option<u16>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) with: Vec<String>,
}
