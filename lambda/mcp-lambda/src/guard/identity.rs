//! Sets the identity that clients see to the definition's: rmcp's own name and version must never be it.

use mcp_lambda_contract::ServerInfo;
use rmcp::model::{self, Implementation};

use crate::icon::model_icon;

/// What the definition says about the server.
#[derive(Clone)]
pub(crate) struct Identity {
    name: String,
    version: String,
    /// `None` when the definition gives none.
    title: Option<String>,
    description: Option<String>,
    website_url: Option<String>,
    icons: Vec<model::Icon>,
    instructions: Option<String>,
}

impl Identity {
    pub(crate) fn new(server: &ServerInfo, instructions: Option<String>) -> Self {
        Self {
            name: server.name.clone(),
            version: server.version.clone(),
            title: Some(server.title.clone()).filter(|title| *title != server.name),
            description: Some(server.description.clone()).filter(|text| !text.is_empty()),
            website_url: server.website_url.clone(),
            icons: server.icons.iter().map(model_icon).collect(),
            instructions,
        }
    }

    /// Overwrites what the rmcp server says about itself. What the definition leaves out stays.
    pub(crate) fn apply(&self, info: &mut Implementation, instructions: &mut Option<String>) {
        info.name.clone_from(&self.name);
        info.version.clone_from(&self.version);
        if self.title.is_some() {
            info.title.clone_from(&self.title);
        }
        if self.description.is_some() {
            info.description.clone_from(&self.description);
        }
        if self.website_url.is_some() {
            info.website_url.clone_from(&self.website_url);
        }
        if !self.icons.is_empty() {
            info.icons = Some(self.icons.clone());
        }
        if self.instructions.is_some() {
            instructions.clone_from(&self.instructions);
        }
    }
}
