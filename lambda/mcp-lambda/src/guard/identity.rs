//! Sets the identity that clients see to the definition's: rmcp's own name and version must never be it.

use mcp_lambda_contract::ServerInfo;
use rmcp::model::Implementation;

/// What the definition says about the server.
#[derive(Clone)]
pub(crate) struct Identity {
    name: String,
    version: String,
    /// `None` when the definition gives none.
    title: Option<String>,
    description: Option<String>,
    instructions: Option<String>,
}

impl Identity {
    pub(crate) fn new(server: &ServerInfo, instructions: Option<String>) -> Self {
        Self {
            name: server.name.clone(),
            version: server.version.clone(),
            title: Some(server.title.clone()).filter(|title| *title != server.name),
            description: Some(server.description.clone()).filter(|text| !text.is_empty()),
            instructions,
        }
    }

    /// Overwrites what the rmcp server says about itself. Icons, website, and what the definition leaves out stay.
    pub(crate) fn apply(&self, info: &mut Implementation, instructions: &mut Option<String>) {
        info.name.clone_from(&self.name);
        info.version.clone_from(&self.version);
        if self.title.is_some() {
            info.title.clone_from(&self.title);
        }
        if self.description.is_some() {
            info.description.clone_from(&self.description);
        }
        if self.instructions.is_some() {
            instructions.clone_from(&self.instructions);
        }
    }
}
