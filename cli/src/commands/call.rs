//! `mcp-lambda call`: calls a tool, or lists the tools.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use clap::Args;
use serde_json::{Map, Value};

use super::server_options::{ServerError, ServerOptions, SignInOptions};
use crate::call::{self, Answers, Asks, Call, CallError, Format};
use crate::dev::environment::Environment;
use crate::oauth::{self, OAuthError};
use crate::variables::Variables;

pub(super) const EXAMPLES: &str = "Examples:
  mcp-lambda call --list                              the tools of the stack that runs here
  mcp-lambda call getDogFacts --limit 2               arguments as options
  mcp-lambda call createOrder sku=A-1 sku=B-2         the same; a list by repetition
  mcp-lambda call search --json '{\"near\":{\"zip\":\"8001\"}}' --output json
  mcp-lambda call whoami --url https://mcp.example.com/mcp
                                                      any MCP server; signs in in the browser
  MCP_CLIENT_SECRET=… mcp-lambda call sync --url https://mcp.example.com/mcp --client-id 4f1…
                                                      as a program, with client credentials

An option of this command goes before or after the tool's name. A tool's argument of the same name as an option is given
as name=value. Exit status: 0 on success, 1 when the call failed, 2 when the command line or an argument is wrong, 3 when
the tool returned an error.";

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Name of the tool
    #[arg(required_unless_present = "list")]
    tool: Option<String>,

    /// Arguments of the tool: --name value, --name=value or name=value
    #[arg(
        value_name = "ARGUMENT",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    arguments: Vec<String>,

    /// Arguments as a JSON object; single ones take precedence
    #[arg(long, value_name = "OBJECT", value_parser = object)]
    json: Option<Map<String, Value>>,

    /// List the tools with their arguments, and their OAuth scopes if the contract is here
    #[arg(long, conflicts_with_all = ["tool", "json", "accept"])]
    list: bool,

    /// How to print the result
    #[arg(long, value_enum, default_value_t = Format::Text)]
    output: Format,

    /// Respond to what the tool asks with these values; without it, the questions appear in the terminal
    #[arg(long, value_name = "OBJECT", value_parser = object)]
    accept: Option<Map<String, Value>>,

    /// Contract of the server, for the OAuth scopes of --list [default: contract.json, if it exists]
    #[arg(long, value_name = "FILE", requires = "list")]
    contract: Option<PathBuf>,

    #[command(flatten)]
    server: ServerOptions,

    #[command(flatten)]
    sign_in: SignInOptions,
}

fn object(value: &str) -> Result<Map<String, Value>, String> {
    serde_json::from_str(value).map_err(|error| format!("give a JSON object ({error})"))
}

/// Why `mcp-lambda call` failed.
#[derive(Debug, thiserror::Error)]
pub enum CallCommandError {
    /// The server, or signing in to it.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// The call.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The tool's result is an error.
    #[error("{0}")]
    Tool(String),
    /// The contract cannot be read.
    #[error("{file} cannot be read: {cause}", file = file.display())]
    Contract {
        /// The file.
        file: PathBuf,
        /// What the operating system or the JSON parser said.
        cause: std::io::Error,
    },
}

impl CallCommandError {
    /// The exit status of the command.
    pub(super) fn exit_status(&self) -> u8 {
        match self {
            Self::Tool(_) => 3,
            Self::Call(CallError::Argument(_) | CallError::UnknownTool { .. }) => 2,
            Self::Server(_) | Self::Call(_) | Self::Contract { .. } => 1,
        }
    }
}

impl From<OAuthError> for CallCommandError {
    fn from(error: OAuthError) -> Self {
        Self::Server(error.into())
    }
}

/// Calls the tool and returns its result, or the list of the tools.
pub(super) async fn run(
    options: Options,
    variables: &Variables,
    environment: &Environment,
    now: fn() -> SystemTime,
) -> Result<String, CallCommandError> {
    let answers = match &options.accept {
        Some(values) => Answers::Given(values.clone()),
        None if std::io::stdin().is_terminal() => Answers::Terminal,
        None => Answers::None,
    };
    let asks = Asks::new(answers);
    let target = options.server.target(environment)?;
    let authorized = options.sign_in.authorize(&target, variables, now).await?;
    let client = authorized.mcp_client(asks.clone()).await?;
    if options.list {
        let tools = call::tools(&client).await?;
        let scopes = scopes(options.contract.as_deref(), &options.server.root)?;
        return Ok(match options.output {
            Format::Text => call::listing(&tools, &scopes),
            Format::Json => serde_json::to_string_pretty(&tools).unwrap_or_default(),
        });
    }
    let call = Call {
        tool: options.tool.unwrap_or_default(),
        words: options.arguments,
        json: options.json.unwrap_or_default(),
    };
    let result = match call::call(&authorized, &client, &call).await {
        // The person can grant more, once.
        Err(CallError::Scopes { scopes, .. }) if authorized.is_signed_in_person() => {
            let mut more = options.sign_in.oauth(variables, now)?;
            more.scopes.extend(scopes);
            let authorized = oauth::sign_in(target.url(), &more).await?;
            let client = authorized.mcp_client(asks).await?;
            call::call(&authorized, &client, &call).await?
        }
        result => result?,
    };
    let printed = call::result(&result, options.output);
    if result.is_error == Some(true) {
        Err(CallCommandError::Tool(printed))
    } else {
        Ok(printed)
    }
}

/// The OAuth scopes of the tools, from the contract that was named, or from the project's if it has one.
fn scopes(
    contract: Option<&Path>,
    root: &Path,
) -> Result<BTreeMap<String, Vec<String>>, CallCommandError> {
    let file = contract.map_or_else(|| root.join("contract.json"), Path::to_owned);
    let content = match std::fs::read(&file) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && contract.is_none() => {
            return Ok(BTreeMap::new());
        }
        content => content.and_then(|content| Ok(serde_json::from_slice(&content)?)),
    };
    content
        .map(|contract: Value| call::scopes_of_contract(&contract))
        .map_err(|cause| CallCommandError::Contract { file, cause })
}

/// Moves the options of this command that follow the tool's name before it, where clap sees them: everything after the
/// name is otherwise an argument of the tool.
pub(super) fn options_first(words: Vec<OsString>, command: &clap::Command) -> Vec<OsString> {
    let mut words = words.into_iter();
    let (mut front, mut rest): (Vec<OsString>, Vec<OsString>) =
        (words.by_ref().take(2).collect(), Vec::new());
    let mut words = words.peekable();
    while let Some(word) = words.next() {
        let long = word.to_str().and_then(|word| word.strip_prefix("--"));
        let (name, has_value) = match long.and_then(|long| long.split_once('=')) {
            Some((name, _)) => (Some(name), true),
            None => (long, false),
        };
        let option = name.and_then(|name| {
            command
                .get_arguments()
                .find(|option| option.get_long() == Some(name))
        });
        match option {
            Some(option) => {
                let takes_value = option.get_action().takes_values() && !has_value;
                front.push(word);
                front.extend(takes_value.then(|| words.next()).flatten());
            }
            None => rest.push(word),
        }
    }
    front.extend(rest);
    front
}
