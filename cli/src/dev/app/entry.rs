//! What the constructs record for this machine (`cdk/lib/private/local-manifest.ts`).

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One record and the construct that made it.
#[derive(Debug, Clone)]
pub(crate) struct Entry<T> {
    /// The path of the construct.
    pub(crate) construct: String,
    /// The name of its stack.
    pub(crate) stack: String,
    /// The record.
    pub(crate) record: T,
}

impl<T> Entry<T> {
    /// Whether this is on the function or the service of the server.
    pub(crate) fn runs(&self, server: &str) -> bool {
        let part = self.construct.strip_prefix(server);
        part == Some("/Function") || part == Some("/Service")
    }
}

/// A record. Values that are known after the deployment only are CloudFormation expressions.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub(super) enum Record {
    Front(Front),
    Route(Route),
    Service(Service),
    Program(Program),
    Server(Server),
    MachineClient(MachineClient),
    Playground(Playground),
    ToolsApi(ToolsApi),
    UserPool { id: Value },
}

/// A front, on the construct that it belongs to.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Front {
    pub(crate) origin: String,
    /// The API of every path without a route.
    pub(crate) api: Value,
    /// Whether browsers that open an MCP endpoint are redirected to the root.
    pub(crate) has_page: bool,
}

/// The path of one of several servers below a front.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Route {
    /// The path of the front's construct.
    pub(crate) front: String,
    pub(crate) path: String,
    pub(crate) api: Value,
}

/// The path of an MCP endpoint that a load balancer has, and what runs behind it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Service {
    /// The path of the front's construct.
    pub(crate) front: String,
    pub(crate) path: String,
    pub(crate) task_definition: Value,
}

/// A program of this machine that a function or a container runs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Program {
    /// The name of its directory below the programs.
    pub(crate) name: String,
    /// The name of a program that comes with the command.
    pub(crate) bundled: Option<String>,
    pub(crate) cargo: Option<CargoProgram>,
    #[serde(rename = "functionName")]
    pub(crate) function_name: Option<Value>,
}

/// A binary of a Cargo package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CargoProgram {
    /// The directory of its `Cargo.toml` or of its workspace's.
    pub(crate) directory: PathBuf,
    pub(crate) package_name: String,
    pub(crate) binary_name: String,
}

/// An MCP server.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Server {
    pub(crate) name: String,
    pub(crate) url: Value,
    #[serde(default)]
    pub(crate) tools: Vec<Tool>,
    /// The command or link of each client.
    #[serde(default)]
    pub(crate) connect: BTreeMap<String, Value>,
    pub(crate) sign_in_url: Option<Value>,
    pub(crate) token_url: Option<Value>,
    #[serde(default)]
    pub(crate) oauth_scopes: Vec<Value>,
    pub(crate) contract: Option<PathBuf>,
}

/// A tool and the names of its OAuth scopes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tool {
    pub(crate) name: String,
    pub(crate) scopes: Vec<String>,
}

/// The tools of a server as plain REST.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ToolsApi {
    pub(crate) url: Value,
    /// The id of each API key by its name.
    #[serde(default)]
    pub(crate) api_keys: BTreeMap<String, Value>,
}

/// The app client of a program.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MachineClient {
    pub(crate) client_id: Value,
    /// Absent if the program authenticates with a client assertion.
    pub(crate) client_secret_arn: Option<Value>,
    /// What it may ask for.
    #[serde(default)]
    pub(crate) oauth_scopes: Vec<Value>,
}

/// A playground.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Playground {
    pub(crate) url: Value,
}
