//! `mcp-lambda token`: an access token of an MCP server, and the end of a sign-in.

use std::time::SystemTime;

use clap::Args;

use super::server_options::{ServerError, ServerOptions, SignInOptions, sign_ins};
use crate::dev::environment::Environment;
use crate::oauth::{self, SignedOut};
use crate::variables::Variables;

pub(super) const EXAMPLES: &str = "Examples:
  curl http://127.0.0.1:3030/mcp -H \"Authorization: Bearer $(mcp-lambda token)\" …
                                        of the machine client of the stack that runs here
  mcp-lambda token --url https://mcp.example.com/mcp
                                        of any MCP server; signs in in the browser the first time
  mcp-lambda token --url https://mcp.example.com/mcp --client-id 4f1… --assertion-key ci.pem
                                        of a program that signs with its own key
  mcp-lambda token --url https://mcp.example.com/mcp --sign-out
                                        revokes the refresh token and forgets it

Sign-ins are kept in ~/.local/state/mcp-lambda (XDG_STATE_HOME), readable by you alone.";

#[derive(Debug, Args)]
pub(super) struct Options {
    /// End the sign-in instead: revoke its refresh token and remove it from this machine
    #[arg(long)]
    sign_out: bool,

    #[command(flatten)]
    server: ServerOptions,

    #[command(flatten)]
    sign_in: SignInOptions,
}

/// Returns the access token.
pub(super) async fn run(
    options: &Options,
    variables: &Variables,
    environment: &Environment,
    now: fn() -> SystemTime,
) -> Result<String, ServerError> {
    let target = options.server.target(environment)?;
    if options.sign_out {
        let url = target.url();
        return Ok(match oauth::sign_out(url, &sign_ins(variables)?).await? {
            SignedOut::NotSignedIn => format!("there is no sign-in at {url}"),
            SignedOut::Revoked => {
                format!("signed out of {url}; an access token stays valid until it expires")
            }
            SignedOut::Forgotten => format!(
                "the sign-in at {url} is removed from this machine; its authorization server did not revoke it"
            ),
        });
    }
    let authorized = options.sign_in.authorize(&target, variables, now).await?;
    authorized
        .access_token()
        .await?
        .ok_or_else(|| ServerError::Open {
            url: target.url().clone(),
        })
}
