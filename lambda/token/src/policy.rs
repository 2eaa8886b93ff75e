//! Decides which caller may call which tool.

use std::collections::BTreeMap;

use mcp_lambda_contract::{Tool, full_scope};

use crate::caller::Caller;

/// Which caller may call which tool. Tools that are not declared do not exist.
#[derive(Debug)]
pub struct Policy {
    scopes_by_tool: BTreeMap<String, Vec<String>>,
    resource: String,
}

/// The verdict on one tool call.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The caller has every OAuth scope that the tool needs.
    Allowed,
    /// Full scope strings of everything the tool needs.
    NeedsScopes(Vec<String>),
    /// No tool has this name.
    UnknownTool,
}

impl Policy {
    /// The policy of the tools of a server with this resource identifier.
    #[must_use]
    pub fn new(resource: &str, tools: &[Tool]) -> Self {
        Self {
            scopes_by_tool: tools
                .iter()
                .map(|tool| (tool.name.clone(), tool.scopes.clone()))
                .collect(),
            resource: resource.to_owned(),
        }
    }

    /// The same for tools whose names and OAuth scopes alone are known.
    #[must_use]
    pub fn of_scopes(resource: &str, scopes_by_tool: BTreeMap<String, Vec<String>>) -> Self {
        Self {
            scopes_by_tool,
            resource: resource.to_owned(),
        }
    }

    /// Whether this caller may call this tool.
    #[must_use]
    pub fn judge(&self, tool: &str, caller: &Caller) -> Verdict {
        match self.scopes_by_tool.get(tool) {
            None => Verdict::UnknownTool,
            Some(names) if names.iter().all(|name| caller.has_scope(name)) => Verdict::Allowed,
            Some(names) => Verdict::NeedsScopes(
                names
                    .iter()
                    .map(|name| full_scope(&self.resource, name))
                    .collect(),
            ),
        }
    }

    /// Whether a tool has this name.
    #[must_use]
    pub fn knows(&self, tool: &str) -> bool {
        self.scopes_by_tool.contains_key(tool)
    }

    /// Whether two callers can see different lists of tools.
    #[must_use]
    pub fn depends_on_caller(&self) -> bool {
        self.scopes_by_tool.values().any(|names| !names.is_empty())
    }
}
