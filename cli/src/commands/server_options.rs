//! The options that name an MCP server and say how to sign in to it, for every command that calls one.

use std::path::PathBuf;
use std::time::SystemTime;

use clap::Args;
use url::Url;

use crate::dev::environment::Environment;
use crate::dev::error::StackError;
use crate::dev::paths::STATE_DIRECTORY;
use crate::local_stack::{LocalServer, LocalStack};
use crate::oauth::{
    self, Assertion, Authorized, Desktop, Identity, OAuthError, Options, PATIENCE,
    ProgramCredentials, Secret, visit_or_print,
};
use crate::variables::Variables;

/// The variable with the secret of `--client-id`; it is no option, because other users of the machine see options.
pub(crate) const SECRET_VARIABLE: &str = "MCP_CLIENT_SECRET";

/// The variable with the client assertion of `--client-id`.
const ASSERTION_VARIABLE: &str = "MCP_CLIENT_ASSERTION";

/// Names the server of a command. Without `--url`, it is a server of the stack that `mcp-lambda dev` runs here.
#[derive(Debug, Args)]
pub(crate) struct ServerOptions {
    /// URL of any MCP server, on which you sign in in the browser
    #[arg(long, value_name = "URL", env = "MCP_SERVER_URL", value_parser = server_url)]
    pub(crate) url: Option<Url>,

    /// Which server of the local stack, by its name or the end of its MCP path or construct path
    #[arg(long, value_name = "NAME", conflicts_with = "url")]
    pub(crate) server: Option<String>,

    /// Port of the local stack's MCP endpoint
    #[arg(long, default_value_t = 3030, value_parser = clap::value_parser!(u16).range(1024..))]
    pub(crate) port: u16,

    /// The project's root directory
    #[arg(long, default_value = ".", hide = true)]
    pub(crate) root: PathBuf,

    /// The directory of the state below it
    #[arg(long, env = "MCP_LAMBDA_STATE_DIRECTORY", default_value = STATE_DIRECTORY, hide = true)]
    pub(crate) state_directory: String,
}

/// How to sign in.
#[derive(Debug, Args)]
pub(crate) struct SignInOptions {
    /// OAuth scope to ask for, beside those that were granted before; repeat it for several
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,

    /// Id of an OAuth client that the authorization server knows; with MCP_CLIENT_SECRET or MCP_CLIENT_ASSERTION set, sign in as this program
    #[arg(long, value_name = "ID", env = "MCP_CLIENT_ID")]
    client_id: Option<String>,

    /// File with the private key of the program that --client-id names (PKCS #8, PEM), which signs a client assertion
    #[arg(long, value_name = "FILE", requires = "client_id")]
    assertion_key: Option<PathBuf>,

    /// URL of a Client ID Metadata Document, used where the authorization server takes them
    #[arg(long, value_name = "URL", conflicts_with = "client_id")]
    client_document: Option<Url>,

    /// Print the URL of the sign-in page and open no browser
    #[arg(long)]
    no_browser: bool,

    /// Port of the redirect URI http://127.0.0.1:PORT/callback, or 0 for a free one
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    callback_port: u16,
}

/// An http or https URL without a fragment, the way servers write their own.
pub(crate) fn server_url(value: &str) -> Result<Url, String> {
    let url: Url = value.parse().map_err(|error| {
        format!("give the URL of an MCP server, such as https://mcp.example.com/mcp ({error})")
    })?;
    match url.scheme() {
        "http" | "https" if url.fragment().is_none() => Ok(url),
        _ => Err(
            "give an http or https URL without a fragment, such as https://mcp.example.com/mcp"
                .to_owned(),
        ),
    }
}

/// Why the server of a command cannot be called.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The local stack.
    #[error(transparent)]
    Stack(#[from] StackError),
    /// Signing in.
    #[error(transparent)]
    OAuth(#[from] OAuthError),
    /// Nothing runs here and no URL was given.
    #[error(
        "no stack runs here on port {port}: start one with `mcp-lambda dev` (`npm start`), or name a server with --url"
    )]
    NoServer {
        /// The port that was looked at.
        port: u16,
    },
    /// The server wants no access token.
    #[error("{url} wants no access token")]
    Open {
        /// The MCP server.
        url: Url,
    },
    /// The local stack has no such server.
    #[error("the local stack has no server '{name}'; it has: {known}")]
    UnknownServer {
        /// What was asked for.
        name: String,
        /// The URLs of its servers.
        known: String,
    },
}

/// The server that the options name.
#[derive(Debug)]
pub(crate) enum Target {
    /// One of the stack that runs here.
    Local {
        stack: Box<LocalStack>,
        server: LocalServer,
    },
    /// Any other.
    Remote(Url),
}

impl Target {
    pub(crate) fn url(&self) -> &Url {
        match self {
            Self::Local { server, .. } => &server.url,
            Self::Remote(url) => url,
        }
    }
}

impl ServerOptions {
    /// Finds the server.
    pub(crate) fn target(&self, environment: &Environment) -> Result<Target, ServerError> {
        if let Some(url) = &self.url {
            return Ok(Target::Remote(url.clone()));
        }
        let stack =
            match LocalStack::find(&self.root, &self.state_directory, self.port, environment) {
                Err(StackError::NotStarted { port }) => return Err(ServerError::NoServer { port }),
                found => found?,
            };
        let servers = stack.servers();
        let named = match &self.server {
            None => servers.first(),
            Some(name) => servers.iter().find(|server| server.is_called(name)),
        };
        match named {
            Some(server) => Ok(Target::Local {
                server: server.clone(),
                stack: Box::new(stack),
            }),
            None => {
                let known: Vec<&str> = servers.iter().map(|server| server.url.as_str()).collect();
                Err(ServerError::UnknownServer {
                    name: self.server.clone().unwrap_or_default(),
                    known: known.join(", "),
                })
            }
        }
    }
}

impl SignInOptions {
    /// Whether the command line says how to sign in.
    fn is_given(&self) -> bool {
        !self.scopes.is_empty() || self.client_id.is_some() || self.client_document.is_some()
    }

    /// The options of [`oauth::sign_in`].
    pub(crate) fn oauth(
        &self,
        variables: &Variables,
        now: fn() -> SystemTime,
    ) -> Result<Options, OAuthError> {
        let identity = match (&self.client_id, self.program_credentials(variables, now)?) {
            (Some(client_id), Some(credentials)) => Identity::Program {
                client_id: client_id.clone(),
                credentials,
            },
            _ => Identity::Person {
                client_id: self.client_id.clone(),
                metadata_document: self.client_document.clone(),
            },
        };
        let desktop = desktop(self.no_browser, variables);
        Ok(Options {
            identity,
            scopes: self.scopes.clone(),
            visit: visit_or_print(desktop),
            callback_port: self.callback_port,
            patience: PATIENCE,
            directory: sign_ins(variables)?,
        })
    }

    /// How a program authenticates: with the option, else with a variable.
    fn program_credentials(
        &self,
        variables: &Variables,
        now: fn() -> SystemTime,
    ) -> Result<Option<ProgramCredentials>, OAuthError> {
        if let Some(file) = &self.assertion_key {
            let pem = std::fs::read_to_string(file).map_err(|cause| OAuthError::File {
                file: file.clone(),
                cause,
            })?;
            let assertion = Assertion::Signed {
                key: Secret(pem),
                at: now(),
            };
            return Ok(Some(ProgramCredentials::Assertion(assertion)));
        }
        let variable = |name| variables.string(name).map(Secret);
        Ok(variable(ASSERTION_VARIABLE)
            .map(|assertion| ProgramCredentials::Assertion(Assertion::Given(assertion)))
            .or_else(|| variable(SECRET_VARIABLE).map(ProgramCredentials::Secret)))
    }

    /// Makes the server callable: with a token of its machine client on the local stack unless the options say how to sign in.
    pub(crate) async fn authorize(
        &self,
        target: &Target,
        variables: &Variables,
        now: fn() -> SystemTime,
    ) -> Result<Authorized, ServerError> {
        match target {
            Target::Local { stack, server } if server.has_machine_client && !self.is_given() => {
                let access_token = stack.machine_token(server).await?;
                Ok(Authorized::with_access_token(&server.url, &access_token))
            }
            Target::Local { .. } | Target::Remote(_) => {
                Ok(oauth::sign_in(target.url(), &self.oauth(variables, now)?).await?)
            }
        }
    }
}

/// Whether this process may open a browser.
pub(crate) fn desktop(no_browser: bool, variables: &Variables) -> Desktop {
    if no_browser {
        Desktop::Absent
    } else {
        Desktop::from_variables(|name| variables.get(name).is_some())
    }
}

/// The directory of the sign-ins of this user.
pub(crate) fn sign_ins(variables: &Variables) -> Result<PathBuf, OAuthError> {
    oauth::directory(variables.path("XDG_STATE_HOME"), variables.path("HOME"))
        .ok_or(OAuthError::NoDirectory)
}
