//! A connection with the server of an MCP App, as the person of the conversation.

use std::time::Duration;

use mcp_lambda_agent::limits::Limits;
use mcp_lambda_agent::mcp::{Connect, ConnectError, Listener, McpClient};
use mcp_lambda_runtime::deadline::Deadline;

use crate::access::Visitor;
use crate::playground::Playground;
use crate::problem::Problem;
use crate::servers::{Access, Connected};

/// A response is written this long before its function ends.
const MARGIN: Duration = Duration::from_secs(2);

/// Why a server did not do what the page wants of it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unreached {
    #[error("{0} wants you to sign in again")]
    SignIn(String),
    #[error("{0}")]
    Failed(String),
}

impl From<ConnectError> for Unreached {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::SignIn { server } => Self::SignIn(server),
            error @ (ConnectError::Unreachable { .. } | ConnectError::Failed(_)) => {
                Self::Failed(error.to_string())
            }
        }
    }
}

impl Playground {
    /// A connection with the person's server of this key. An access token that the server refuses is refreshed once.
    pub(super) async fn client_of_app(
        &self,
        visitor: &Visitor,
        key: &str,
    ) -> Result<Result<McpClient, Unreached>, Problem> {
        let known = self.server(visitor, key).await?;
        let access = self.access(visitor, &known, false).await?;
        let server = Connected::new(known.clone(), access, self.network.clone());
        let connected = server.connect(Listener::showing_apps()).await;
        if !matches!(connected, Err(ConnectError::SignIn { .. })) {
            return Ok(connected.map_err(Unreached::from));
        }
        let access = self.access(visitor, &known, true).await?;
        if matches!(access, Access::Token(_)) {
            server.replace(access);
            let connected = server.connect(Listener::showing_apps()).await;
            return Ok(connected.map_err(Unreached::from));
        }
        Ok(Err(Unreached::SignIn(known.entry.name)))
    }
}

/// The most time that a server gets for one request of a page.
pub(super) fn patience(deadline: Deadline) -> Duration {
    let most = Limits::default().tool_timeout;
    let left = deadline.earlier_by(MARGIN).until_end();
    left.map_or(most, |left| left.min(most))
}
