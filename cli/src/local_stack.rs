//! The stack of `mcp-lambda dev` that runs on this machine, as other commands see it: its servers and a machine's access
//! token.

use std::path::Path;

use url::Url;

use crate::dev::announcement::Outputs;
use crate::dev::environment::Environment;
use crate::dev::error::StackError;
use crate::dev::paths::Paths;
use crate::dev::process::{command, step};

/// A running stack.
#[derive(Debug, Clone)]
pub struct LocalStack {
    paths: Paths,
    outputs: Outputs,
}

/// One of its MCP servers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalServer {
    /// Its construct path.
    pub construct: String,
    /// Its MCP URL.
    pub url: Url,
    /// Its name in its contract.
    pub name: String,
    /// Whether it has an app client for programs with a secret.
    pub has_machine_client: bool,
}

impl LocalServer {
    /// Whether a person means it by `name`: its name, or the end of its MCP path or construct path.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        let path = self.url.path().trim_end_matches("/mcp");
        self.name == name || path.ends_with(name) || self.construct.ends_with(name)
    }
}

impl LocalStack {
    /// The stack of the project at `root`, with its state in `state_directory` below it, whose MCP endpoint has this port.
    ///
    /// # Errors
    ///
    /// [`StackError::NotStarted`] when there is none, [`StackError::File`] when its outputs cannot be read.
    pub fn find(
        root: &Path,
        state_directory: &str,
        port: u16,
        environment: &Environment,
    ) -> Result<Self, StackError> {
        let root = std::fs::canonicalize(root).map_err(StackError::file(root))?;
        let paths = [Paths::below, Paths::of_one_run]
            .map(|paths| paths(&root, state_directory, port, environment.clone()))
            .into_iter()
            .find(|paths| paths.outputs().exists())
            .ok_or(StackError::NotStarted { port })?;
        let file = paths.outputs();
        let content = std::fs::read(&file).map_err(StackError::file(&file))?;
        let outputs = serde_json::from_slice(&content)
            .map_err(|cause| StackError::file(&file)(std::io::Error::other(cause)))?;
        Ok(Self { paths, outputs })
    }

    /// Its MCP servers, the one that commands call without `--server` first.
    #[must_use]
    pub fn servers(&self) -> Vec<LocalServer> {
        let servers = self.outputs.servers_in_order().into_iter();
        servers
            .filter_map(|(construct, server)| {
                Some(LocalServer {
                    construct: construct.to_owned(),
                    url: server.mcp_server_url.parse().ok()?,
                    name: server.name.clone(),
                    has_machine_client: server.has_secret(),
                })
            })
            .collect()
    }

    /// The endpoint and the Region of its AWS emulator.
    #[must_use]
    pub fn aws_endpoint(&self) -> Option<(&str, &str)> {
        let output = |name| self.outputs.values.get(name).map(String::as_str);
        Some((output("AwsEndpointUrl")?, output("AwsRegion")?))
    }

    /// An access token of the machine client of a server.
    ///
    /// # Errors
    ///
    /// [`StackError::StepFailed`] with what the token endpoint said.
    pub async fn machine_token(&self, server: &LocalServer) -> Result<String, StackError> {
        let fix = "start the stack with `npm start` in another terminal and try again";
        let mut ask = command(self.paths.python(), &self.paths);
        ask.arg(self.paths.emulator("machine_token.py"))
            .arg("--outputs")
            .arg(self.paths.outputs())
            .args(["--server", &server.construct]);
        let token = step("asking for a machine token", fix, &mut ask).await?;
        Ok(String::from_utf8_lossy(&token).trim_end().to_owned())
    }
}
