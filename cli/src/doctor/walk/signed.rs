//! What a client meets with an access token.

use super::client::{Step_, Walk, ends};
use crate::doctor::ask::{Ask, Signed};
use crate::doctor::cause;
use crate::doctor::evidence::Received;
use crate::doctor::rpc;
use crate::doctor::verdict::Step;

const STEP: Step = Step::SignedRequests;

impl<'e> Walk<'e> {
    /// `initialize`, its notification, `tools/list` and a call, as far as there is an access token.
    pub(super) fn signed_requests(&mut self) -> Step_<()> {
        if !self.limits.token {
            self.unchecked
                .push("requests with an access token (--login, MCP_ACCESS_TOKEN)".to_owned());
            return Ok(());
        }
        let (number, response) = self.signed(Signed::Initialize)?;
        if rpc::result(response).is_none() {
            let detail = format!("initialize: {}", rpc::problem(response));
            return Err(ends(STEP, "initialize-failed", detail, number));
        }
        let session = response.header("mcp-session-id").map(str::to_owned);
        self.signed(Signed::Initialized {
            session: session.clone(),
        })?;
        let ask = Signed::Tools {
            session: session.clone(),
        };
        let (number, response) = self.signed(ask)?;
        let Some(tools) = rpc::result(response) else {
            let check = if session.is_some() && [400, 404].contains(&response.status) {
                "session-lost"
            } else {
                "tools-list-failed"
            };
            let detail = format!("tools/list: {}", rpc::problem(response));
            return Err(ends(STEP, check, detail, number));
        };
        let Some(tool) = rpc::tool_without_arguments(&tools) else {
            self.unchecked.push(
                "a tool call, because no tool is read-only and without required arguments"
                    .to_owned(),
            );
            return Ok(());
        };
        let (number, response) = self.signed(Signed::Call { session, tool })?;
        if rpc::result(response).is_none() {
            let detail = format!("tools/call: {}", rpc::problem(response));
            return Err(ends(STEP, "tool-call-failed", detail, number));
        }
        Ok(())
    }

    fn signed(&self, signed: Signed) -> Step_<(usize, &'e Received)> {
        let (number, response) = self.response(&Ask::Signed(signed), STEP)?;
        let exchange = &self.evidence.exchanges[number];
        match response.status {
            401 => Err(ends(STEP, "token-refused", cause::shown(exchange), number)),
            403 => {
                let named = response
                    .header("www-authenticate")
                    .is_some_and(|value| value.contains("insufficient_scope"));
                let check = if named {
                    "token-scope-missing"
                } else {
                    cause::of(exchange).unwrap_or("token-refused")
                };
                Err(ends(STEP, check, cause::shown(exchange), number))
            }
            _ => Ok((number, response)),
        }
    }
}
