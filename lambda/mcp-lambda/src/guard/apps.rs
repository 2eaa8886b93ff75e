//! Serves MCP Apps as resources beside those of the author's server, and names them at the tools.

use std::collections::BTreeMap;

use mcp_lambda_contract::{
    APP_MEDIA_TYPE, Contract, FLAT_URI_META, McpApp, ToolVisibility, UI_EXTENSION, UI_META,
};
use rmcp::model::{
    CacheScope, ClientCapabilities, JsonObject, ListResourcesResult, MetaObject,
    ReadResourceResult, Resource, ResourceContents, ResourcesCapability, ServerCapabilities, Tool,
};
use serde_json::{Value, json};

use crate::app;

/// The MCP Apps of one server.
#[derive(Default)]
pub(crate) struct Apps {
    /// In the order in which they are declared.
    served: Vec<Served>,
    /// What clients see in `_meta` of a tool, by the tool's name.
    tools: BTreeMap<String, ToolMeta>,
}

struct Served {
    resource: Resource,
    html: String,
}

struct ToolMeta {
    ui: Value,
    uri: Option<String>,
    only_for_apps: bool,
}

impl Apps {
    pub(crate) fn new(apps: Vec<app::McpApp>, contract: &Contract) -> Self {
        let described = contract.apps.iter();
        let served = described.zip(apps).map(|(described, app)| {
            let html = app.into_html();
            let resource = resource(described, html.len());
            Served { resource, html }
        });
        let tools = contract.tools.iter().filter_map(|tool| {
            if tool.app.is_none() && tool.visibility.is_empty() {
                return None;
            }
            let uri = tool.app.as_ref().and_then(|name| {
                let app = contract.apps.iter().find(|app| app.name == *name)?;
                Some(app.uri.clone())
            });
            let mut ui = JsonObject::new();
            if let Some(uri) = &uri {
                ui.insert("resourceUri".to_owned(), json!(uri));
            }
            if !tool.visibility.is_empty() {
                ui.insert("visibility".to_owned(), json!(tool.visibility));
            }
            let meta = ToolMeta {
                ui: Value::Object(ui),
                uri,
                only_for_apps: tool.visibility == [ToolVisibility::App],
            };
            Some((tool.name.clone(), meta))
        });
        Self {
            served: served.collect(),
            tools: tools.collect(),
        }
    }

    /// Whether the server has none.
    pub(crate) fn is_empty(&self) -> bool {
        self.served.is_empty()
    }

    /// Advertises the extension, and resources, which the author's server need not have.
    pub(crate) fn advertise(&self, capabilities: &mut ServerCapabilities) {
        if self.is_empty() {
            return;
        }
        let extensions = capabilities.extensions.get_or_insert_default();
        extensions.insert(UI_EXTENSION.to_owned(), JsonObject::new());
        capabilities
            .resources
            .get_or_insert_with(ResourcesCapability::default);
    }

    /// Names the MCP App of the tool, and who may call the tool.
    pub(crate) fn describe(&self, tool: &mut Tool) {
        let Some(described) = self.tools.get(tool.name.as_ref()) else {
            return;
        };
        let meta = &mut tool.meta.get_or_insert_with(MetaObject::new).0;
        meta.insert(UI_META.to_owned(), described.ui.clone());
        if let Some(uri) = &described.uri {
            meta.insert(FLAT_URI_META.to_owned(), json!(uri));
        }
    }

    /// Whether one of the tools depends on what the client supports.
    pub(crate) fn depend_on_client(&self) -> bool {
        self.tools.values().any(|tool| tool.only_for_apps)
    }

    /// Whether a client of 2026-07-28 with these capabilities may list the tool: one without the extension would offer a tool that is
    /// only for MCP Apps to its model.
    pub(crate) fn is_listed(&self, tool: &str, client: Option<&ClientCapabilities>) -> bool {
        let is_for_apps = self.tools.get(tool).is_some_and(|tool| tool.only_for_apps);
        !is_for_apps || client.is_some_and(shows_apps)
    }

    /// Adds the resources of the MCP Apps before those of the author's server.
    pub(crate) fn add_to(&self, list: &mut ListResourcesResult) {
        list.resources
            .retain(|resource| self.find(&resource.uri).is_none());
        let own = self.served.iter().map(|app| app.resource.clone());
        list.resources.splice(0..0, own);
    }

    /// The document at a URI, if it is that of an MCP App.
    pub(crate) fn read(&self, uri: &str, is_legacy: bool) -> Option<ReadResourceResult> {
        let app = self.find(uri)?;
        let contents = ResourceContents::TextResourceContents {
            uri: app.resource.uri.clone(),
            mime_type: Some(APP_MEDIA_TYPE.to_owned()),
            text: app.html.clone(),
            meta: app.resource.meta.clone(),
        };
        let mut result = ReadResourceResult::new(vec![contents]);
        (result.ttl_ms, result.cache_scope) = freshness(is_legacy);
        Some(result)
    }

    /// The URIs, for a message.
    pub(crate) fn uris(&self) -> String {
        let uris: Vec<&str> = self
            .served
            .iter()
            .map(|app| app.resource.uri.as_str())
            .collect();
        uris.join(", ")
    }

    fn find(&self, uri: &str) -> Option<&Served> {
        self.served.iter().find(|app| app.resource.uri == uri)
    }
}

/// How long a client may keep a list or a document, and for whom; revisions before 2026-07-28 do not say it.
pub(crate) fn freshness(is_legacy: bool) -> (Option<u64>, Option<CacheScope>) {
    if is_legacy {
        (None, None)
    } else {
        (Some(0), Some(CacheScope::Public))
    }
}

/// Whether the client shows documents of MCP Apps.
fn shows_apps(client: &ClientCapabilities) -> bool {
    let types = client
        .extensions
        .as_ref()
        .and_then(|extensions| extensions.get(UI_EXTENSION))
        .and_then(|settings| settings.get("mimeTypes"))
        .and_then(Value::as_array);
    types.is_some_and(|types| types.iter().any(|each| each == APP_MEDIA_TYPE))
}

fn resource(app: &McpApp, size: usize) -> Resource {
    let mut resource =
        Resource::new(app.uri.clone(), app.name.clone()).with_mime_type(APP_MEDIA_TYPE);
    resource.title.clone_from(&app.title);
    resource.description.clone_from(&app.description);
    resource.size = u64::try_from(size).ok();
    let mut ui = JsonObject::new();
    if !app.csp.is_empty() {
        ui.insert("csp".to_owned(), json!(app.csp));
    }
    if !app.permissions.is_empty() {
        let asked = app.permissions.iter().filter_map(|permission| {
            let name = json!(permission).as_str()?.to_owned();
            Some((name, json!({})))
        });
        let asked: JsonObject = asked.collect();
        ui.insert("permissions".to_owned(), Value::Object(asked));
    }
    if let Some(prefers) = app.prefers_border {
        ui.insert("prefersBorder".to_owned(), json!(prefers));
    }
    if !ui.is_empty() {
        let mut meta = MetaObject::new();
        meta.0.insert(UI_META.to_owned(), Value::Object(ui));
        resource.meta = Some(meta);
    }
    resource
}
