//! Prints a block to paste from when everything is ready, and writes the outputs to a file.

use std::collections::BTreeMap;
use std::path::Path;

use super::edge::REGION;
use super::error::StackError;
use super::ports::Ports;

/// The stack's outputs and the other values that a program needs for the local stack, by name.
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

/// Writes the outputs as one JSON object, atomically.
pub(crate) fn write(outputs: &BTreeMap<String, String>, file: &Path) -> Result<(), StackError> {
    let text = serde_json::to_string_pretty(outputs).unwrap_or_default();
    if let Some(directory) = file.parent() {
        std::fs::create_dir_all(directory).map_err(StackError::file(directory))?;
    }
    let part = file.with_added_extension("part");
    std::fs::write(&part, text + "\n").map_err(StackError::file(&part))?;
    std::fs::rename(&part, file).map_err(StackError::file(file))
}

/// The outputs that connect a client: their name behind the prefix, and the comment above them.
const CONNECT: [(&str, &str); 5] = [
    (
        "ClaudeCodeCommand",
        "Claude Code; then sign in with /mcp inside it (the sign-in page has \"Create an account\")",
    ),
    ("CodexCommand", "Codex; it signs in at once"),
    (
        "GeminiCommand",
        "Gemini CLI; then sign in with /mcp auth inside it",
    ),
    ("VsCodeCommand", "VS Code"),
    ("CursorLink", "Cursor: open this link in a browser"),
];

/// The values of this output for every server that has one; the server without a prefix comes first.
fn of_every_server<'a>(outputs: &'a BTreeMap<String, String>, name: &str) -> Vec<&'a str> {
    let mut found: Vec<(&str, &str)> = outputs
        .iter()
        .filter_map(|(key, value)| Some((key.strip_suffix(name)?, value.as_str())))
        .collect();
    found.sort_unstable();
    found.into_iter().map(|(_, value)| value).collect()
}

/// The comment above the URL to sign up at, with the authorization server and with Cognito itself.
const SIGN_UP: &str = "Create an account without a client";
const SIGN_UP_AT_COGNITO: &str = "Create an account without a client; at the end the browser cannot connect to localhost, and the account is ready";

/// The comment below the commands when some clients have none.
const OTHERS: &str = "Other clients: docs/authorization-modes.md lists which ones Cognito itself leaves out, and why";

/// Whether there is a line for each client, as with the authorization server.
fn connects_all(outputs: &BTreeMap<String, String>) -> bool {
    CONNECT
        .iter()
        .all(|(name, _)| !of_every_server(outputs, name).is_empty())
}

/// The commands and links that connect clients, each kind below its comment.
fn connections(outputs: &BTreeMap<String, String>) -> String {
    let others = (!connects_all(outputs)).then(|| format!("# {OTHERS}\n"));
    CONNECT
        .iter()
        .map(|(name, comment)| (comment, of_every_server(outputs, name)))
        .filter(|(_, lines)| !lines.is_empty())
        .map(|(comment, lines)| format!("# {comment}\n{}\n", lines.join("\n")))
        .chain(others)
        .collect::<Vec<_>>()
        .join("\n")
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
    let endpoints = of_every_server(outputs, "McpServerUrl");
    format!(
        r#"
Ready after {seconds:.1} s.

# The MCP endpoint{plural}
{endpoints}

{connect}
# {sign_up_comment}
{sign_up}

# Mail that the stack sent, with the codes
{mailbox}

# List its tools as a program, with a token of the machine client
curl -sS {mcp} \
  -H "Authorization: Bearer $(npm run --silent token{port})" \
  -H 'Content-Type: application/json' -H 'Accept: application/json, text/event-stream' \
  -d '{{"jsonrpc":"2.0","id":1,"method":"tools/list"}}'

# Stop: Ctrl-C. {kept}
"#,
        plural = if endpoints.len() > 1 { "s" } else { "" },
        endpoints = endpoints.join("\n"),
        connect = connections(outputs),
        sign_up_comment = if connects_all(outputs) {
            SIGN_UP
        } else {
            SIGN_UP_AT_COGNITO
        },
        kept = if ports.free {
            "Users and data are gone then.".to_owned()
        } else {
            let port = if port.is_empty() { " --" } else { &port };
            format!("Users and data stay; `npm start{port} --reset` forgets them.")
        },
    )
}
