//! Declares what a tool needs ([`ToolPolicy`]): OAuth scopes, IAM actions, and what it keeps.

use mcp_lambda_contract::{AwsActions, Tool, ToolVisibility};
use rmcp::model::MetaObject;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::icon::contract_icon;
use crate::state::requirements::StateUse;

/// The `_meta` key of a tool's [`ToolPolicy`] inside the server; clients never see it.
const META_KEY: &str = "mcp-lambda/access";

/// What a tool needs, declared beside it: `#[tool(meta = ToolPolicy::scopes(&["counter.read"]).meta())]`.
///
/// rmcp keeps the declaration in the tool's `_meta`; the library removes it before a client sees the tool.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ToolPolicy {
    scopes: Vec<String>,
    aws_actions: Vec<AwsActions>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    needs_mcp_client: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    app: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    visibility: Vec<ToolVisibility>,
    #[serde(default, skip_serializing_if = "StateUse::is_nothing")]
    pub(crate) state: StateUse,
}

impl ToolPolicy {
    /// The tool may be called by a caller that has all these scopes, given by name (without the resource identifier).
    #[must_use]
    pub fn scopes(names: &[&str]) -> Self {
        Self {
            scopes: names.iter().map(|name| (*name).to_owned()).collect(),
            ..Self::default()
        }
    }

    /// The tool performs these IAM actions on the AWS resource that the server declares under this name; the
    /// constructs grant the function nothing else.
    #[must_use]
    pub fn aws(mut self, resource: &str, actions: &[&str]) -> Self {
        self.aws_actions.push(AwsActions {
            actions: actions.iter().map(|action| (*action).to_owned()).collect(),
            resource: resource.to_owned(),
        });
        self
    }

    /// The tool works for MCP clients alone, because it asks the client something, for example. The reason is the end of a
    /// sentence that begins with the tool: `needs_mcp_client("asks which dog is meant")`.
    ///
    /// As plain REST the tool is then listed with the reason, and a call of it is refused before it runs.
    #[must_use]
    pub fn needs_mcp_client(mut self, reason: &str) -> Self {
        self.needs_mcp_client = Some(reason.to_owned());
        self
    }

    /// The [`McpApp`](crate::McpApp) of this name shows the tool's results. In `#[tool]` also `mcp_app = "…"`.
    ///
    /// A client without the extension reads the `content` of a result, so that has to say what the document shows.
    #[must_use]
    pub fn mcp_app(mut self, name: &str) -> Self {
        self.app = Some(name.to_owned());
        self
    }

    /// Only MCP Apps of this server call the tool, for example to turn a page; hosts do not offer it to their models. A client of
    /// 2026-07-28 that shows no MCP Apps does not find it in `tools/list`.
    ///
    /// This hides the tool; the scopes alone protect it: a caller that has them and knows the name can call it.
    #[must_use]
    pub fn only_for_mcp_apps(mut self) -> Self {
        self.visibility = vec![ToolVisibility::App];
        self
    }

    /// Only models call the tool: hosts refuse a call of it by an MCP App.
    #[must_use]
    pub fn only_for_models(mut self) -> Self {
        self.visibility = vec![ToolVisibility::Model];
        self
    }

    /// The declaration in the form that `#[tool(meta = …)]` takes.
    #[must_use]
    pub fn meta(self) -> MetaObject {
        let mut meta = MetaObject::new();
        meta.0.insert(META_KEY.to_owned(), json!(self));
        meta
    }
}

/// The declaration of a tool.
pub(crate) fn policy_of(tool: &rmcp::model::Tool) -> ToolPolicy {
    let declared = tool.meta.as_ref().and_then(|meta| meta.0.get(META_KEY));
    match declared {
        None => ToolPolicy::default(),
        // A declaration that cannot be read must not open the tool: no server can declare this scope, so the
        // definition is refused.
        Some(declared) => {
            ToolPolicy::deserialize(declared).unwrap_or_else(|_| ToolPolicy::scopes(&[""]))
        }
    }
}

/// Removes the declaration from a tool, so that clients see neither it nor an empty `_meta`.
pub(crate) fn hide_policy(tool: &mut rmcp::model::Tool) {
    if let Some(meta) = tool.meta.as_mut() {
        meta.0.remove(META_KEY);
        if meta.0.is_empty() {
            tool.meta = None;
        }
    }
}

/// The entry of one tool in the contract.
pub(crate) fn contract_tool(mut tool: rmcp::model::Tool) -> Tool {
    let policy = policy_of(&tool);
    policy.state.describe(&mut tool);
    let actions_on_state = policy.state.aws_actions();
    let only_as_task = policy.state.only_as_task();
    let ToolPolicy {
        scopes,
        mut aws_actions,
        needs_mcp_client,
        app,
        visibility,
        ..
    } = policy;
    aws_actions.extend(actions_on_state);
    Tool {
        name: tool.name.into_owned(),
        title: tool.title,
        description: tool.description.map(std::borrow::Cow::into_owned),
        icons: tool
            .icons
            .into_iter()
            .flatten()
            .map(contract_icon)
            .collect(),
        input_schema: Value::Object((*tool.input_schema).clone()),
        output_schema: tool
            .output_schema
            .map(|schema| Value::Object((*schema).clone())),
        annotations: tool
            .annotations
            .and_then(|annotations| serde_json::to_value(annotations).ok()),
        scopes,
        aws_actions,
        needs_mcp_client: needs_mcp_client
            .or_else(|| only_as_task.then(|| "runs only as a task of MCP".to_owned())),
        app,
        visibility,
    }
}
