//! Defines [`Progress`], with which a tool tells its client how far it is.

use rmcp::ErrorData;
use rmcp::handler::server::common::{AsRequestContext, FromContextPart};
use rmcp::model::{ProgressNotificationParam, ProgressToken};
use rmcp::{Peer, RoleServer};

/// Tells the client how far a tool is. A tool takes it as an argument.
///
/// Does nothing for a client that has not asked for progress, and when the response is buffered. That a client is gone is
/// found out at the end of the call.
#[derive(Clone, Debug)]
pub struct Progress {
    token: Option<ProgressToken>,
    peer: Peer<RoleServer>,
}

impl Progress {
    /// Reports that `done` of `total` is done, and what is going on.
    pub async fn report(
        &self,
        done: impl Into<f64>,
        total: impl Into<f64>,
        message: impl Into<String>,
    ) {
        let Some(token) = self.token.clone() else {
            return;
        };
        let progress = ProgressNotificationParam::new(token, done.into())
            .with_total(total.into())
            .with_message(message.into());
        let _ = self.peer.notify_progress(progress).await;
    }
}

impl<C: AsRequestContext> FromContextPart<C> for Progress {
    fn from_context_part(context: &mut C) -> Result<Self, ErrorData> {
        let context = context.as_request_context();
        Ok(Self {
            token: context.meta.get_progress_token(),
            peer: context.peer.clone(),
        })
    }
}
