//! `mcp-lambda connect`: what adds a server to an MCP client, printed or written.

use std::io::Write;

use clap::{Args, ValueEnum};

use super::server_options::{ServerError, ServerOptions, Target};
use crate::connect::{Client, ConnectError, Directories, Server, name_of_url};
use crate::dev::environment::Environment;
use crate::variables::Variables;

pub(super) const EXAMPLES: &str = "Examples:
  mcp-lambda connect                                  the lines for every client, for the stack that runs here
  mcp-lambda connect claude-code --url https://mcp.example.com/mcp --name shop
  $(mcp-lambda connect codex)                         runs the line
  mcp-lambda connect vscode --write                   adds the server to .vscode/mcp.json

--write changes the file of the project for Claude Code (.mcp.json), Cursor, Gemini CLI and VS Code, and your own for
Claude Desktop, Codex and Windsurf. Everything else in the file stays as it is; a file that cannot be read is not changed.";

#[derive(Debug, Args)]
pub(super) struct Options {
    /// The MCP client; all of them without it
    #[arg(value_enum, required_if_eq("write", "true"))]
    client: Option<Client>,

    /// Write the configuration of the client instead of printing it
    #[arg(long)]
    write: bool,

    /// What the client calls the server [default: the server's name here, else from the URL]
    #[arg(long, value_parser = server_name)]
    name: Option<String>,

    #[command(flatten)]
    server: ServerOptions,
}

fn server_name(value: &str) -> Result<String, String> {
    if mcp_lambda_contract::SERVER_NAME.allows(value) {
        Ok(value.to_owned())
    } else {
        Err(
            "give up to 64 letters, digits, - and _, the first of them a letter or digit"
                .to_owned(),
        )
    }
}

/// Why `mcp-lambda connect` failed.
#[derive(Debug, thiserror::Error)]
pub enum ConnectCommandError {
    /// The server.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// The configuration.
    #[error(transparent)]
    Connect(#[from] ConnectError),
}

/// Returns the line, or says what was written.
pub(super) fn run(
    options: &Options,
    variables: &Variables,
    environment: &Environment,
) -> Result<String, ConnectCommandError> {
    let target = options.server.target(environment)?;
    let name = match (&options.name, &target) {
        (Some(name), _) => name.clone(),
        (None, Target::Local { server, .. }) => server.name.clone(),
        (None, Target::Remote(url)) => name_of_url(url),
    };
    let server = Server {
        name,
        url: target.url().clone(),
    };
    let Some(client) = options.client else {
        let blocks: Vec<String> = Client::value_variants()
            .iter()
            .map(|client| format!("# {}\n{}", client.next(), client.line(&server)))
            .collect();
        return Ok(blocks.join("\n\n"));
    };
    if options.write {
        let directories = Directories {
            project: options.server.root.clone(),
            home: variables
                .path("HOME")
                .or_else(|| variables.path("USERPROFILE")),
            settings: variables
                .path("APPDATA")
                .or_else(|| variables.path("XDG_CONFIG_HOME")),
        };
        let written = client.write(&server, &directories)?;
        let how = if written.replaced {
            "replaced"
        } else {
            "added"
        };
        let (name, file) = (&server.name, written.file.display());
        return Ok(format!("{how} {name} in {file}"));
    }
    // The line alone goes to standard output, so that a shell can run it. A closed standard error cannot be reported.
    let _ = writeln!(std::io::stderr(), "# {}", client.next());
    Ok(client.line(&server))
}
