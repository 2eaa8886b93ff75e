//! Prints a block to paste from when everything is ready, and writes the outputs to a file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::app::{Assembly, Entry, Server, Tool};
use super::emulator::Deployed;
use super::error::StackError;
use super::ports::{Ports, origin};
use super::tools_api::{self, ToolsApiOutputs};

/// What a program needs to use the running stack.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub struct Outputs {
    /// The outputs of the stacks, and the addresses of this machine, by name. Of a name that several stacks have, the value is
    /// that of the first of these stacks; `stacks` has all.
    #[serde(flatten)]
    pub values: BTreeMap<String, String>,
    /// The outputs of each stack by name, as `cdk deploy --outputs-file` writes them.
    #[serde(default)]
    pub stacks: BTreeMap<String, BTreeMap<String, String>>,
    /// The servers by construct path.
    pub servers: BTreeMap<String, ServerOutputs>,
    /// The playgrounds by construct path.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub playgrounds: BTreeMap<String, PlaygroundOutputs>,
    /// The tools of servers as plain REST, by construct path.
    #[serde(
        default,
        rename = "toolsApis",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub tools_apis: BTreeMap<String, ToolsApiOutputs>,
}

/// What a person needs to use a playground.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub struct PlaygroundOutputs {
    /// The URL for a browser.
    pub url: String,
    /// What replies on this machine.
    pub model: String,
}

impl Outputs {
    /// The servers with their construct paths. The first is the one that a command is about if it names none: that of the
    /// stacks' output `McpServerUrl`, or the first one with an app client for programs.
    #[must_use]
    pub fn servers_in_order(&self) -> Vec<(&str, &ServerOutputs)> {
        let servers = self.servers.iter();
        let mut servers: Vec<_> = servers
            .map(|(construct, server)| (construct.as_str(), server))
            .collect();
        let main = self.values.get("McpServerUrl");
        servers.sort_by_key(|(_, server)| {
            let is_main = main == Some(&server.mcp_server_url);
            (!is_main, !server.has_secret())
        });
        servers
    }
}

/// What a program needs to use one server.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServerOutputs {
    /// Its name in the contract.
    pub name: String,
    /// The URL for an MCP client.
    pub mcp_server_url: String,
    /// Its OAuth scopes as clients ask for them.
    pub oauth_scopes: Vec<String>,
    /// The token endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_url: Option<String>,
    /// The page to sign up and in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sign_in_url: Option<String>,
    /// The page for people at the root of its front.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_url: Option<String>,
    /// The OAuth scopes of each tool.
    pub tools: BTreeMap<String, Vec<String>>,
    /// The command or link of each MCP client.
    pub connect: BTreeMap<String, String>,
    /// Its app clients of programs, by construct id.
    pub machine_clients: BTreeMap<String, MachineClientOutputs>,
}

impl ServerOutputs {
    /// Whether one of its programs has a secret, which an access token can be had with on this machine.
    #[must_use]
    pub fn has_secret(&self) -> bool {
        let mut clients = self.machine_clients.values();
        clients.any(|client| client.client_secret_arn.is_some())
    }
}

/// An app client of a program.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MachineClientOutputs {
    /// The `client_id`.
    pub client_id: String,
    /// The secret in Secrets Manager with the `client_secret`. Absent if the program authenticates with a client assertion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret_arn: Option<String>,
    /// The OAuth scopes that it may ask for.
    pub oauth_scopes: Vec<String>,
}

/// The outputs of the stacks and the other values that a program needs for the local stack.
pub(crate) fn outputs(
    assembly: &Assembly,
    deployed: &Deployed,
    ports: Ports,
    region: &str,
    model: &str,
) -> Outputs {
    let stacks: Vec<(&String, &BTreeMap<String, String>)> = assembly
        .stacks
        .iter()
        .filter_map(|stack| Some((&stack.name, &deployed.stacks.get(&stack.name)?.outputs)))
        .collect();
    // The first stack comes last: its values stay.
    let of_stacks = stacks.iter().rev();
    let of_stacks = of_stacks.flat_map(|(_, outputs)| (*outputs).clone());
    let servers = assembly.servers.iter();
    let playgrounds = assembly.playgrounds.iter();
    Outputs {
        values: of_stacks.chain(local_values(ports, region)).collect(),
        stacks: stacks
            .iter()
            .map(|(name, outputs)| ((*name).clone(), (*outputs).clone()))
            .collect(),
        servers: servers
            .map(|server| {
                (
                    server.construct.clone(),
                    server_outputs(server, assembly, deployed),
                )
            })
            .collect(),
        playgrounds: playgrounds
            .filter_map(|playground| {
                let url = deployed.value(&playground.stack, &playground.record.url)?;
                let model = model.to_owned();
                Some((
                    playground.construct.clone(),
                    PlaygroundOutputs { url, model },
                ))
            })
            .collect(),
        tools_apis: assembly
            .tools_apis
            .iter()
            .map(|api| (api.construct.clone(), ToolsApiOutputs::new(api, deployed)))
            .collect(),
    }
}

/// The addresses of this machine.
#[must_use]
pub fn local_values(ports: Ports, region: &str) -> [(String, String); 4] {
    [
        ("AwsEndpointUrl", origin(ports.emulator)),
        ("AwsRegion", region.to_owned()),
        ("MailboxUrl", format!("{}/mailbox", origin(ports.sign_in))),
        ("CallbackPort", ports.callback.to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
}

fn server_outputs(
    server: &Entry<Server>,
    assembly: &Assembly,
    deployed: &Deployed,
) -> ServerOutputs {
    let value = |expression| deployed.value(&server.stack, expression);
    let Entry {
        construct, record, ..
    } = server;
    let below = format!("{construct}/");
    let clients = assembly.machine_clients.iter().filter_map(|client| {
        let id = client.construct.strip_prefix(&below)?;
        let value = |expression| deployed.value(&client.stack, expression);
        let outputs = MachineClientOutputs {
            client_id: value(&client.record.client_id)?,
            client_secret_arn: match &client.record.client_secret_arn {
                Some(arn) => Some(value(arn)?),
                None => None,
            },
            oauth_scopes: client
                .record
                .oauth_scopes
                .iter()
                .filter_map(value)
                .collect(),
        };
        Some((id.to_owned(), outputs))
    });
    let tools = record.tools.iter();
    let connect = record.connect.iter();
    let mcp_server_url = value(&record.url).unwrap_or_default();
    let mut roots = assembly
        .fronts
        .iter()
        .filter(|front| front.record.has_page)
        .map(|front| format!("{}/", front.record.origin));
    ServerOutputs {
        name: record.name.clone(),
        page_url: roots.find(|root| mcp_server_url.starts_with(root)),
        mcp_server_url,
        oauth_scopes: record.oauth_scopes.iter().filter_map(value).collect(),
        token_url: record.token_url.as_ref().and_then(value),
        sign_in_url: record.sign_in_url.as_ref().and_then(value),
        tools: tools
            .map(|Tool { name, scopes }| (name.clone(), scopes.clone()))
            .collect(),
        connect: connect
            .filter_map(|(client, command)| Some((client.clone(), value(command)?)))
            .collect(),
        machine_clients: clients.collect(),
    }
}

/// Writes the outputs as one JSON object, atomically.
pub(crate) fn write(outputs: &Outputs, file: &Path) -> Result<(), StackError> {
    let text = serde_json::to_string_pretty(outputs).unwrap_or_default();
    if let Some(directory) = file.parent() {
        std::fs::create_dir_all(directory).map_err(StackError::file(directory))?;
    }
    let part = file.with_added_extension("part");
    std::fs::write(&part, text + "\n").map_err(StackError::file(&part))?;
    std::fs::rename(&part, file).map_err(StackError::file(file))
}

/// The clients that have a command or link, and the comment above it.
const CONNECT: [(&str, &str); 5] = [
    (
        "claude-code",
        "Claude Code; then sign in with /mcp inside it (the sign-in page has \"Create an account\")",
    ),
    ("codex", "Codex; it signs in at once"),
    (
        "gemini",
        "Gemini CLI; then sign in with /mcp auth inside it",
    ),
    ("vscode", "VS Code"),
    ("cursor", "Cursor: open this link in a browser"),
];

/// The comment above the URL to sign up at, with the authorization server and with Cognito itself.
const SIGN_UP: &str = "Create an account without a client";
const SIGN_UP_AT_COGNITO: &str = "Create an account without a client; at the end the browser cannot connect to localhost, and the account is ready";

/// The comment below the commands when some clients have none.
const OTHERS: &str = "Other clients: docs/authorization-modes.md lists which ones Cognito itself leaves out, and why";

/// The commands and links that connect clients, each kind below its comment.
fn connections(outputs: &Outputs) -> String {
    let of_client = |client: &str| -> Vec<&str> {
        let servers = outputs.servers.values();
        let commands = servers.filter_map(|server| server.connect.get(client));
        commands.map(String::as_str).collect()
    };
    let others = (!connects_all(outputs)).then(|| format!("# {OTHERS}\n"));
    CONNECT
        .iter()
        .map(|(client, comment)| (comment, of_client(client)))
        .filter(|(_, lines)| !lines.is_empty())
        .map(|(comment, lines)| format!("# {comment}\n{}\n", lines.join("\n")))
        .chain(others)
        .collect::<Vec<_>>()
        .join("\n")
}

/// Whether every server has a line for each client, as with the authorization server.
fn connects_all(outputs: &Outputs) -> bool {
    let mut servers = outputs.servers.values();
    servers.all(|server| {
        let mut clients = CONNECT.iter();
        clients.all(|(client, _)| server.connect.contains_key(*client))
    })
}

/// The URL of each server, and its tools with their OAuth scopes.
fn endpoints(outputs: &Outputs) -> String {
    let servers = outputs.servers.values().map(|server| {
        let tools = server.tools.iter();
        let tools = tools.map(|(tool, scopes)| format!("{tool} [{}]", scopes.join(" ")));
        let tools: Vec<String> = tools.collect();
        let tools = if tools.is_empty() {
            String::new()
        } else {
            format!("\n#   tools: {}", tools.join(" · "))
        };
        format!("{}{tools}", server.mcp_server_url)
    });
    servers.collect::<Vec<_>>().join("\n")
}

/// The address of each page for people, below a comment.
fn pages(outputs: &Outputs) -> String {
    let servers = outputs.servers.values();
    let pages: BTreeSet<&str> = servers
        .filter_map(|server| server.page_url.as_deref())
        .collect();
    if pages.is_empty() {
        return String::new();
    }
    let pages: Vec<&str> = pages.into_iter().collect();
    format!(
        "# The page for people, with the commands and the tools in words\n{}\n\n",
        pages.join("\n")
    )
}

/// The address of each playground, below a comment with what replies there.
fn chats(outputs: &Outputs) -> String {
    let playgrounds = outputs.playgrounds.values();
    let lines = playgrounds.map(|PlaygroundOutputs { url, model }| {
        format!("# The playground, a chat in the browser; its model is {model}\n{url}\n\n")
    });
    lines.collect::<Vec<_>>().concat()
}

/// The block: comments for people, everything else to paste into a shell or a browser.
#[must_use]
pub fn block(outputs: &Outputs, ports: Ports, seconds: f32) -> String {
    let get = |name: &str| outputs.values.get(name).map_or("", String::as_str);
    let sign_up: BTreeSet<String> = outputs
        .servers
        .values()
        .filter_map(|server| server.sign_in_url.as_ref())
        .map(|url| url.replacen("/login?", "/signup?", 1))
        .collect();
    let sign_up: Vec<String> = sign_up.into_iter().collect();
    let port = if ports.edge == 3030 {
        String::new()
    } else {
        format!(" -- --port {}", ports.edge)
    };
    let first = outputs.servers_in_order().into_iter().next();
    let with_client = first.filter(|(_, server)| server.has_secret());
    let program = with_client.map_or_else(String::new, |(_, server)| {
        format!(
            r#"# List its tools as a program, with a token of the machine client
curl -sS {mcp} \
  -H "Authorization: Bearer $(npm run --silent token{port})" \
  -H 'Content-Type: application/json' -H 'Accept: application/json, text/event-stream' \
  -d '{{"jsonrpc":"2.0","id":1,"method":"tools/list"}}'

"#,
            mcp = server.mcp_server_url
        )
    });
    format!(
        r"
Ready after {seconds:.1} s.

# The MCP endpoint{plural}
{endpoints}

{pages}{chats}{tools_apis}{connect}
# {sign_up_comment}
{sign_up}

# Mail that the stack sent, with the codes
{mailbox}

{program}# Stop: Ctrl-C. {kept}
",
        plural = if outputs.servers.len() > 1 { "s" } else { "" },
        endpoints = endpoints(outputs),
        pages = pages(outputs),
        chats = chats(outputs),
        tools_apis = tools_api::block(&outputs.tools_apis, get("AwsEndpointUrl")),
        connect = connections(outputs),
        sign_up_comment = if connects_all(outputs) {
            SIGN_UP
        } else {
            SIGN_UP_AT_COGNITO
        },
        sign_up = sign_up.join("\n"),
        mailbox = get("MailboxUrl"),
        kept = if ports.free {
            "Users and data are gone then.".to_owned()
        } else {
            "Users and data stay; `--reset` forgets them.".to_owned()
        },
    )
}
