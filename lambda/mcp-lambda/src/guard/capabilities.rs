//! Removes change notifications from the capabilities that a server advertises.

use rmcp::model::ServerCapabilities;

/// Removes the capabilities to notify a client about changes.
pub(crate) fn withdraw_notifications(capabilities: &mut ServerCapabilities) {
    if let Some(tools) = capabilities.tools.as_mut() {
        tools.list_changed = None;
    }
    if let Some(prompts) = capabilities.prompts.as_mut() {
        prompts.list_changed = None;
    }
    if let Some(resources) = capabilities.resources.as_mut() {
        resources.list_changed = None;
        resources.subscribe = None;
    }
}
