//! The life of a call, and the end of a turn before its reply.

use super::content::{NonBlank, ToolResult};
use super::identifiers::CallId;
use super::next::NotNow;
use super::state::Conversation;
use super::turn::{CallState, End, OpenTurn, Stop, Turn};

const INTERRUPTED: &str = "The call was interrupted. It may have run; its result is unknown. \
    Do not call it again unless the user asks for it.";

impl Conversation {
    /// The person approves a call.
    ///
    /// # Errors
    ///
    /// [`NotNow::Call`] unless the call awaits approval.
    pub fn approve(&mut self, id: &CallId) -> Result<(), NotNow> {
        self.change(id, "approved", |state| match state {
            CallState::AwaitingApproval => Some(CallState::Ready),
            CallState::Ready | CallState::Started | CallState::Finished(_) => None,
        })
    }

    /// The person declines a call, and can say why.
    ///
    /// # Errors
    ///
    /// [`NotNow::Call`] unless the call awaits approval.
    pub fn decline(&mut self, id: &CallId, reason: Option<&str>) -> Result<(), NotNow> {
        let result = ToolResult::not_run(match reason.map(str::trim) {
            Some(reason) if !reason.is_empty() => {
                format!("The user declined this call: {reason}. It was not run.")
            }
            _ => "The user declined this call. It was not run.".into(),
        });
        self.change(id, "declined", |state| match state {
            CallState::AwaitingApproval => Some(CallState::Finished(result)),
            CallState::Ready | CallState::Started | CallState::Finished(_) => None,
        })
    }

    /// The call is about to be sent: save the conversation before it is.
    ///
    /// # Errors
    ///
    /// [`NotNow::Call`] unless the call can be sent.
    pub fn start(&mut self, id: &CallId) -> Result<(), NotNow> {
        self.change(id, "started", |state| match state {
            CallState::Ready => Some(CallState::Started),
            CallState::AwaitingApproval | CallState::Started | CallState::Finished(_) => None,
        })
    }

    /// The call has its result.
    ///
    /// # Errors
    ///
    /// [`NotNow::Call`] unless the call was started.
    pub fn finish(&mut self, id: &CallId, result: ToolResult) -> Result<(), NotNow> {
        self.change(id, "finished", |state| match state {
            CallState::Started => Some(CallState::Finished(result)),
            CallState::AwaitingApproval | CallState::Ready | CallState::Finished(_) => None,
        })
    }

    /// The call was refused before the tool saw it (an expired access token): it can be sent again.
    ///
    /// # Errors
    ///
    /// [`NotNow::Call`] unless the call was started.
    pub fn not_run(&mut self, id: &CallId) -> Result<(), NotNow> {
        self.change(id, "taken back", |state| match state {
            CallState::Started => Some(CallState::Ready),
            CallState::AwaitingApproval | CallState::Ready | CallState::Finished(_) => None,
        })
    }

    /// The person wants an interrupted call to be sent again, although it may have run.
    ///
    /// # Errors
    ///
    /// [`NotNow::Call`] unless the call was interrupted.
    pub fn rerun(&mut self, id: &CallId) -> Result<(), NotNow> {
        self.not_run(id)
    }

    /// An interrupted call is left as it is: the model reads that it may have run.
    ///
    /// # Errors
    ///
    /// [`NotNow::Call`] unless the call was interrupted.
    pub fn leave(&mut self, id: &CallId) -> Result<(), NotNow> {
        self.finish(id, ToolResult::unknown(INTERRUPTED))
    }

    /// Ends the open turn without a reply. Calls that were not sent are not run; those that were may have run.
    ///
    /// # Errors
    ///
    /// [`NotNow::NothingOpen`] unless a request is open.
    pub fn stop(&mut self, why: Stop, said: Option<NonBlank>) -> Result<(), NotNow> {
        let open = self.open.as_mut().ok_or(NotNow::NothingOpen)?;
        for pending in open
            .pending
            .iter_mut()
            .flat_map(|round| round.calls.iter_mut())
        {
            let result = match &pending.state {
                CallState::Finished(_) => continue,
                CallState::Started => ToolResult::unknown(INTERRUPTED),
                CallState::AwaitingApproval | CallState::Ready => {
                    ToolResult::not_run("The request was stopped before this call. It was not run.")
                }
            };
            pending.state = CallState::Finished(result);
        }
        self.close_round();
        self.end(End::Stopped { said, why });
        Ok(())
    }

    /// Opens the last turn again when it has no complete reply, so that the model goes on from its last result.
    ///
    /// # Errors
    ///
    /// [`NotNow::RequestOpen`] while a request is open, [`NotNow::Complete`] when there is nothing to go on with.
    pub fn resume(&mut self) -> Result<(), NotNow> {
        if self.open.is_some() {
            return Err(NotNow::RequestOpen);
        }
        match self.turns.last().map(|turn| &turn.end) {
            Some(End::Stopped { .. } | End::Silent { .. } | End::Replied { cut: Some(_), .. }) => {}
            Some(End::Replied { cut: None, .. } | End::Blocked { .. }) | None => {
                return Err(NotNow::Complete);
            }
        }
        self.open = self.turns.pop().map(|turn| OpenTurn {
            prompt: turn.prompt,
            rounds: turn.rounds,
            pending: None,
        });
        Ok(())
    }

    /// Takes the last turn back, so that its prompt can be edited. What its tools did stays done.
    ///
    /// # Errors
    ///
    /// [`NotNow::RequestOpen`] while a request is open, [`NotNow::NothingOpen`] when there is no turn.
    pub fn take_back(&mut self) -> Result<Turn, NotNow> {
        if self.open.is_some() {
            return Err(NotNow::RequestOpen);
        }
        self.turns.pop().ok_or(NotNow::NothingOpen)
    }
}
