//! Lets a server declare an audit trail.

use crate::definition::Definition;

impl<S, C> Definition<S, C> {
    /// Lets the deployment have an audit trail: the setting `MCP_AUDIT_LOG_GROUP` of the contract names a log group of
    /// CloudWatch Logs, and each tool call gets a record there before its response leaves. A record says who called which
    /// tool, when, with which OAuth scopes and outcome; calls that are refused have one too. It never contains arguments,
    /// results, tokens or secrets.
    ///
    /// A call whose record cannot be written gets an error instead of its result. While records cannot be written, no tool
    /// runs. Without the setting there is no audit trail, as without this declaration.
    ///
    /// Does not record requests without a verified caller, and no methods but `tools/call`.
    #[must_use]
    pub fn audit_trail(mut self) -> Self {
        self.audit.is_on = true;
        self
    }
}
