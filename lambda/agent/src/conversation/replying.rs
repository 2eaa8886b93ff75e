//! The words of the person and of the model.

use std::collections::HashSet;

use super::content::{NonEmpty, Prompt, ToolCall, ToolResult};
use super::identifiers::{CallId, ToolName};
use super::next::{Next, NotNow, Plan};
use super::reply::{ModelReply, ProposedCall};
use super::state::Conversation;
use super::turn::{BlockedBy, CallState, Cut, End, OpenTurn, PendingCall, PendingRound};
use crate::converse::StopReason;

impl Conversation {
    /// The person asks something.
    ///
    /// # Errors
    ///
    /// [`NotNow::RequestOpen`] while a request is open.
    pub fn ask(&mut self, prompt: Prompt) -> Result<(), NotNow> {
        if self.open.is_some() {
            return Err(NotNow::RequestOpen);
        }
        self.open = Some(OpenTurn {
            prompt,
            rounds: Vec::new(),
            pending: None,
        });
        Ok(())
    }

    /// The model replied; `plan` decides about each call.
    ///
    /// An id that Converse refuses, or that the conversation has already, is replaced. Calls of a reply that was cut are
    /// not run: their arguments may be incomplete.
    ///
    /// # Errors
    ///
    /// [`NotNow::ModelNotNext`] unless the model is next.
    pub fn reply(
        &mut self,
        reply: ModelReply,
        mut plan: impl FnMut(&ToolCall) -> Plan,
    ) -> Result<(), NotNow> {
        if !matches!(self.next(), Next::CallModel) {
            return Err(NotNow::ModelNotNext);
        }
        self.usage.add(reply.usage);
        let text = reply.text();
        let cut = match reply.stop {
            StopReason::EndTurn | StopReason::StopSequence | StopReason::ToolUse => None,
            StopReason::MaxTokens => Some(Cut::MaxTokens),
            StopReason::ModelContextWindowExceeded => Some(Cut::ContextWindow),
            StopReason::MalformedModelOutput | StopReason::MalformedToolUse => Some(Cut::Malformed),
            StopReason::GuardrailIntervened => {
                self.end(End::Blocked {
                    by: BlockedBy::Guardrail,
                    said: text,
                });
                return Ok(());
            }
            StopReason::ContentFiltered => {
                self.end(End::Blocked {
                    by: BlockedBy::ContentFilter,
                    said: text,
                });
                return Ok(());
            }
        };
        let calls = match cut {
            None => self.planned(reply.calls, &mut plan),
            Some(_) => None,
        };
        match (calls, text) {
            (Some(calls), _) => {
                if let Some(open) = &mut self.open {
                    open.pending = Some(PendingRound {
                        said: reply.said,
                        calls,
                    });
                }
                self.close_round();
            }
            (None, Some(text)) => self.end(End::Replied { text, cut }),
            (None, None) => self.end(End::Silent { cut }),
        }
        Ok(())
    }

    fn planned(
        &self,
        calls: Vec<ProposedCall>,
        plan: &mut impl FnMut(&ToolCall) -> Plan,
    ) -> Option<NonEmpty<PendingCall>> {
        let mut taken: HashSet<CallId> = self.call_ids().cloned().collect();
        let mut number = taken.len();
        let mut planned = Vec::new();
        for proposed in calls {
            let mut id = CallId::new(proposed.id).filter(|id| !taken.contains(id));
            while id.is_none() {
                number += 1;
                id = Some(CallId::numbered(number)).filter(|id| !taken.contains(id));
            }
            let Some(id) = id else { continue };
            taken.insert(id.clone());
            let (input, unreadable) = match proposed.input {
                Ok(input) => (input, None),
                Err(reason) => (serde_json::Map::new(), Some(reason)),
            };
            let call = ToolCall {
                id,
                name: ToolName::sanitized(&proposed.name),
                input,
            };
            let state = match unreadable {
                Some(reason) => CallState::Finished(ToolResult::not_run(format!(
                    "The call was not sent: its arguments are no JSON object ({reason}). Write them again."
                ))),
                None => match plan(&call) {
                    Plan::Run => CallState::Ready,
                    Plan::AskFirst => CallState::AwaitingApproval,
                    Plan::Refuse(result) => CallState::Finished(result),
                },
            };
            planned.push(PendingCall { call, state });
        }
        NonEmpty::new(planned)
    }
}
