//! MCP Apps, as far as a conversation knows of them: which tools have one, and who may call which tool.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use mcp_lambda_contract::{FLAT_URI_META, ToolVisibility, UI_META};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::named::Named;
use crate::conversation::{ToolCall, ToolName};

/// What a tool says to hosts that show MCP Apps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolUi {
    /// The URI of the document that shows its results.
    pub uri: Option<String>,
    /// Whether models may call it.
    pub for_models: bool,
    /// Whether MCP Apps of the same server may call it.
    pub for_apps: bool,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Meta {
    resource_uri: Option<String>,
    visibility: Option<Vec<Value>>,
}

impl ToolUi {
    /// What `tool` says.
    #[must_use]
    pub fn of(tool: &rmcp::model::Tool) -> Self {
        let meta = tool.meta.as_ref().map(|meta| &meta.0);
        let ui = meta.and_then(|meta| meta.get(UI_META));
        let ui: Meta = ui
            .and_then(|ui| Meta::deserialize(ui).ok())
            .unwrap_or_default();
        let flat = || meta?.get(FLAT_URI_META)?.as_str().map(str::to_owned);
        let sees = |who: ToolVisibility| match &ui.visibility {
            None => true,
            Some(listed) => listed
                .iter()
                .any(|each| ToolVisibility::deserialize(each).is_ok_and(|each| each == who)),
        };
        Self {
            for_models: sees(ToolVisibility::Model),
            for_apps: sees(ToolVisibility::App),
            uri: ui.resource_uri.or_else(flat),
        }
    }
}

/// The MCP App of a call.
#[derive(Clone, Debug, PartialEq)]
pub struct AppOfCall {
    /// The label of the server.
    pub server: String,
    /// The tool's name on the server.
    pub tool: String,
    /// The URI of the document.
    pub uri: String,
    /// The arguments under the server's names.
    pub arguments: Map<String, Value>,
}

/// Which calls have an MCP App, by the lists of tools of now.
#[derive(Clone, Debug)]
pub struct Apps {
    pub(super) labels: Arc<[String]>,
    pub(super) named: Arc<RwLock<HashMap<ToolName, Named>>>,
}

impl Apps {
    /// The MCP App of a call, if its tool has one.
    #[must_use]
    pub fn of(&self, call: &ToolCall) -> Option<AppOfCall> {
        let named = self.named.read().unwrap_or_else(PoisonError::into_inner);
        let tool = named.get(&call.name)?;
        Some(AppOfCall {
            server: self.labels.get(tool.server)?.clone(),
            tool: tool.tool.clone(),
            uri: tool.app.clone()?,
            arguments: tool.schema.original(&call.input),
        })
    }
}

#[cfg(test)]
mod tests {
    use rmcp::model::Tool;
    use serde_json::{Value, json};

    use super::ToolUi;

    fn ui(meta: Value) -> ToolUi {
        let tool = json!({ "name": "t", "inputSchema": { "type": "object" }, "_meta": meta });
        let tool: Tool = serde_json::from_value(tool).unwrap();
        ToolUi::of(&tool)
    }

    #[test]
    fn a_tool_without_a_word_about_apps_is_for_both() {
        let both = ToolUi {
            uri: None,
            for_models: true,
            for_apps: true,
        };
        for meta in [json!({}), json!({ "ui": {} }), json!({ "ui": "x" })] {
            assert_eq!(ui(meta), both);
        }
    }

    #[test]
    fn the_nested_uri_comes_before_the_flat_one() {
        let flat = ui(json!({ "ui/resourceUri": "ui://a/old" }));
        assert_eq!(flat.uri.as_deref(), Some("ui://a/old"));
        let nested =
            ui(json!({ "ui/resourceUri": "ui://a/old", "ui": { "resourceUri": "ui://a/new" } }));
        assert_eq!(nested.uri.as_deref(), Some("ui://a/new"));
    }

    #[test]
    fn a_tool_that_lists_its_callers_is_for_nobody_else() {
        for (visibility, models, apps) in [
            (json!(["app"]), false, true),
            (json!(["model"]), true, false),
            (json!(["model", "app"]), true, true),
            (json!([]), false, false),
            (json!(["later", "app"]), false, true),
        ] {
            let ui = ui(json!({ "ui": { "visibility": visibility } }));
            assert_eq!((ui.for_models, ui.for_apps), (models, apps));
        }
    }
}
