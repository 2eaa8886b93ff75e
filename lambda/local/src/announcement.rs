//! What is told when everything is ready: a block to paste from, and the outputs as a file.

use std::collections::BTreeMap;
use std::path::Path;

use crate::edge::REGION;
use crate::{Failure, Ports};

/// The stack's outputs and what else a program needs to talk to the local stack, by name.
#[must_use]
pub fn outputs(stack: &BTreeMap<String, String>, ports: Ports) -> BTreeMap<String, String> {
    let local = [
        (
            "AwsEndpointUrl",
            format!("http://127.0.0.1:{}", ports.emulator),
        ),
        ("AwsRegion", REGION.to_owned()),
        (
            "MailboxUrl",
            format!("http://127.0.0.1:{}/mailbox", ports.sign_in),
        ),
        ("CallbackPort", ports.callback.to_string()),
    ];
    stack
        .clone()
        .into_iter()
        .chain(local.map(|(name, value)| (name.to_owned(), value)))
        .collect()
}

/// Writes the outputs as one JSON object; whoever waits for the file never sees half of it.
pub(crate) fn write(outputs: &BTreeMap<String, String>, file: &Path) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(outputs).unwrap_or_default();
    if let Some(directory) = file.parent() {
        std::fs::create_dir_all(directory).map_err(Failure::file(directory))?;
    }
    let part = file.with_added_extension("part");
    std::fs::write(&part, text + "\n").map_err(Failure::file(&part))?;
    std::fs::rename(&part, file).map_err(Failure::file(file))
}

/// One MCP server of the stack, by the outputs that begin with the same prefix.
struct Server<'a> {
    url: &'a str,
    claude: &'a str,
}

impl Server<'_> {
    fn commands(&self) -> String {
        let words: Vec<&str> = self.claude.split_whitespace().collect();
        let name = words
            .windows(2)
            .find(|pair| pair[1] == self.url)
            .map_or("", |pair| pair[0]);
        format!("{}\nclaude mcp login {name}", self.claude)
    }
}

/// The servers of the stack; the one without a prefix first.
fn servers(outputs: &BTreeMap<String, String>) -> Vec<Server<'_>> {
    let mut prefixes: Vec<&str> = outputs
        .keys()
        .filter_map(|name| name.strip_suffix("McpServerUrl"))
        .collect();
    prefixes.sort_unstable();
    let get = |name: String| outputs.get(&name).map_or("", String::as_str);
    prefixes
        .iter()
        .map(|prefix| Server {
            url: get(format!("{prefix}McpServerUrl")),
            claude: get(format!("{prefix}ClaudeCodeCommand")),
        })
        .collect()
}

/// The block: comments for people, everything else to paste into a shell or a browser.
#[must_use]
pub fn block(outputs: &BTreeMap<String, String>, ports: Ports, seconds: f32) -> String {
    let get = |name: &str| outputs.get(name).map_or("", String::as_str);
    let sign_up = get("SignInUrl").replacen("/login?", "/signup?", 1);
    let port = if ports.edge == 3030 {
        String::new()
    } else {
        format!(" -- --port {}", ports.edge)
    };
    let (mcp, mailbox) = (get("McpServerUrl"), get("MailboxUrl"));
    let servers = servers(outputs);
    let endpoints: Vec<&str> = servers.iter().map(|server| server.url).collect();
    let connect: Vec<String> = servers.iter().map(Server::commands).collect();
    format!(
        r#"
Ready after {seconds:.1} s.

# The MCP endpoint{plural}
{endpoints}

# Connect Claude Code, then sign in (its sign-in page has "Create an account")
{connect}

# Create an account without a client
{sign_up}

# Mail that the stack sent, with the codes
{mailbox}

# Call it as a program, with a token of the machine client
curl -sS {mcp} \
  -H "Authorization: Bearer $(npm run --silent token{port})" \
  -H 'Content-Type: application/json' -H 'Accept: application/json, text/event-stream' \
  -d '{{"jsonrpc":"2.0","id":1,"method":"initialize","params":{{"protocolVersion":"2025-11-25","capabilities":{{}},"clientInfo":{{"name":"curl","version":"1"}}}}}}'

# Stop: Ctrl-C. {kept}
"#,
        plural = if servers.len() > 1 { "s" } else { "" },
        endpoints = endpoints.join("\n"),
        connect = connect.join("\n"),
        kept = if ports.free {
            "Users and data are gone then.".to_owned()
        } else {
            let port = if port.is_empty() { " --" } else { &port };
            format!("Users and data stay; `npm start{port} --reset` forgets them.")
        },
    )
}
