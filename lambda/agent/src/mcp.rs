//! Tools of one or more MCP servers.

mod app;
mod connection;
mod named;
mod result;
mod server;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use futures_util::future::join_all;
use serde_json::{Map, Value};

pub use app::{AppOfCall, Apps, ToolUi};
pub use connection::{
    Connect, ConnectError, HttpServer, Listener, McpClient, connect_error, labels,
};

use crate::conversation::{ToolName, ToolResult};
use crate::names::names;
use crate::schema::adapted;
use crate::tools::{Progress, Sent, Tool, Tools, ToolsError};
use named::Named;
use server::{Listed, Server};

/// The tools of one or more MCP servers.
pub struct McpTools {
    servers: Vec<Server>,
    /// What a name for the model is.
    named: Arc<RwLock<HashMap<ToolName, Named>>>,
}

impl std::fmt::Debug for McpTools {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let labels = self.servers.iter().map(|server| server.label());
        formatter.debug_list().entries(labels).finish()
    }
}

impl McpTools {
    /// The tools of `servers`, whose labels differ.
    #[must_use]
    pub fn new(servers: Vec<Box<dyn Connect>>) -> Self {
        let servers = servers.into_iter().map(Server::new);
        Self {
            servers: servers.collect(),
            named: Arc::default(),
        }
    }

    /// The same for a host that shows MCP Apps, and says so to the servers.
    #[must_use]
    pub fn showing_apps(mut self) -> Self {
        for server in &mut self.servers {
            server.shows_apps = true;
        }
        self
    }

    /// Which calls have an MCP App; it follows the lists of tools.
    #[must_use]
    pub fn apps(&self) -> Apps {
        let labels = self.servers.iter().map(|server| server.label().to_owned());
        Apps {
            labels: labels.collect(),
            named: Arc::clone(&self.named),
        }
    }

    /// Connects to every server and lists its tools. A server that fails has its error, and the others work.
    pub async fn connect(&self) -> Vec<Result<Vec<Tool>, ConnectError>> {
        let listed = join_all(self.servers.iter().map(Server::tools)).await;
        let tools = self.tools(&listed);
        let mut by_server: HashMap<&str, Vec<Tool>> = HashMap::new();
        for tool in &tools {
            by_server
                .entry(&tool.server)
                .or_default()
                .push(tool.clone());
        }
        let labels = self.servers.iter().map(|server| server.label());
        labels
            .zip(listed)
            .map(|(label, (_, error))| match error {
                Some(error) => Err(error),
                None => Ok(by_server.remove(label).unwrap_or_default()),
            })
            .collect()
    }

    /// Forgets the connection with the server `label`, so that the next call makes a new one: after a sign-in.
    pub async fn reconnect(&self, label: &str) {
        for server in &self.servers {
            if server.label() == label {
                server.forget().await;
            }
        }
    }

    /// What `name` is by the lists of now, or why the server that could have it has no list.
    async fn found_again(&self, name: &ToolName) -> Result<Option<Named>, ConnectError> {
        let listed = join_all(self.servers.iter().map(Server::tools_soon)).await;
        self.tools(&listed);
        let found = {
            let named = self.named.read().unwrap_or_else(PoisonError::into_inner);
            named.get(name).cloned()
        };
        if found.is_some() {
            return Ok(found);
        }
        let is_alone = self.servers.len() == 1;
        let mut servers = self.servers.iter().zip(listed);
        let failed = servers.find_map(|(server, (_, error))| {
            let prefix = format!("{}__", server.label());
            error.filter(|_| is_alone || name.as_str().starts_with(&prefix))
        });
        failed.map_or(Ok(None), Err)
    }

    /// The tools with their names for the model, which [`Tools::call`] finds again, but for those that only MCP Apps call.
    fn tools(&self, listed: &[Listed]) -> Vec<Tool> {
        let entries: Vec<(usize, &str, &rmcp::model::Tool)> = self
            .servers
            .iter()
            .zip(listed)
            .enumerate()
            .flat_map(|(index, (server, (tools, _)))| {
                let label = server.label();
                tools.iter().map(move |tool| (index, label, tool))
            })
            .collect();
        let pairs: Vec<(&str, &str)> = entries
            .iter()
            .map(|(_, label, tool)| (*label, tool.name.as_ref()))
            .collect();
        let names = names(&pairs, self.servers.len() > 1);
        let mut named = HashMap::new();
        let tools = entries
            .into_iter()
            .zip(names)
            .map(|((index, label, tool), name)| {
                let schema = adapted(&tool.input_schema);
                let ui = ToolUi::of(tool);
                let schema_for_model = schema.schema.clone();
                let described = described(label, name.clone(), tool, schema_for_model, &ui);
                if ui.for_models {
                    named.insert(
                        name,
                        Named {
                            server: index,
                            tool: tool.name.to_string(),
                            schema,
                            app: ui.uri,
                        },
                    );
                }
                described
            })
            .collect();
        *self.named.write().unwrap_or_else(PoisonError::into_inner) = named;
        tools
    }
}

fn described(
    server: &str,
    name: ToolName,
    tool: &rmcp::model::Tool,
    input_schema: Map<String, Value>,
    ui: &ToolUi,
) -> Tool {
    let annotations = tool.annotations.as_ref();
    Tool {
        name,
        server: server.to_owned(),
        original_name: tool.name.to_string(),
        title: tool
            .title
            .clone()
            .or_else(|| annotations.and_then(|hints| hints.title.clone())),
        description: tool.description.as_ref().map(ToString::to_string),
        input_schema,
        read_only: annotations.and_then(|hints| hints.read_only_hint) == Some(true),
        for_models: ui.for_models,
    }
}

impl Tools for McpTools {
    async fn list(&self) -> Vec<Tool> {
        let listed = join_all(self.servers.iter().map(Server::tools_soon)).await;
        let tools = self.tools(&listed).into_iter();
        tools.filter(|tool| tool.for_models).collect()
    }

    async fn call(
        &self,
        sent: Sent<'_>,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<ToolResult, ToolsError> {
        let named = {
            let named = self.named.read().unwrap_or_else(PoisonError::into_inner);
            named.get(sent.name).cloned()
        };
        // After a restart the names are not known yet.
        let named = match named {
            Some(named) => Some(named),
            None => match self.found_again(sent.name).await {
                Ok(named) => named,
                Err(ConnectError::SignIn { server }) => return Err(ToolsError::SignIn { server }),
                Err(error @ (ConnectError::Unreachable { .. } | ConnectError::Failed(_))) => {
                    let reason = format!("{error}. The tool was not run.");
                    return Ok(ToolResult::not_run(reason));
                }
            },
        };
        let server = named.and_then(|named| Some((self.servers.get(named.server)?, named)));
        match server {
            Some((server, named)) => {
                let arguments = named.schema.original(sent.input);
                server.call(named.tool, arguments, sent, progress).await
            }
            None => Ok(ToolResult::not_run(format!(
                "The tool {} is no longer available. It was not run.",
                sent.name.as_str()
            ))),
        }
    }
}
