//! Passes client responses and cancellations through the store to the process that waits for them.

use std::time::Duration;

use rmcp::model::{ClientJsonRpcMessage, RequestId};

use crate::runtime::deadline::Deadline;
use crate::state::mcp_session::session_id::LIFETIME;
use crate::state::store::{State, StoreError};
use crate::token::caller::Caller;

/// How long a response is stored for the process that asked; no invocation is longer than API Gateway's 15 minutes.
const TIME_TO_LIVE: Duration = Duration::from_secs(15 * 60);
/// Allowance for clock skew when a response arrives at the end of the invocation.
const CLOCKS: Duration = Duration::from_secs(5);
/// Longest stored reason of a cancellation, in characters.
const LONGEST_REASON: usize = 256;
/// Time for one operation of the store when the deadline leaves more.
const PATIENCE: Duration = Duration::from_secs(3);
/// Reserved for the tool to finish without a response.
pub(crate) const READ_MARGIN: Duration = Duration::from_millis(500);

/// Why a response to a server request is refused.
pub(crate) enum NotTaken {
    /// There is no such request, or it already has a response.
    NotAsked,
    Store(StoreError),
}

impl From<StoreError> for NotTaken {
    fn from(problem: StoreError) -> Self {
        NotTaken::Store(problem)
    }
}

/// Holds the messages of one session for the invocation that waits for them. Every key contains the caller's identity,
/// so another caller's message cannot reach it.
#[derive(Clone)]
pub(crate) struct Mailbox {
    pub(crate) state: State,
    pub(crate) caller: Caller,
    pub(crate) session: String,
    pub(crate) deadline: Deadline,
}

impl Mailbox {
    pub(crate) fn new(state: State, caller: Caller, session: String, deadline: Deadline) -> Self {
        Self {
            state,
            caller,
            session,
            deadline,
        }
    }

    /// Whether time remains before the deadline.
    pub(crate) fn has_time(&self) -> bool {
        self.deadline
            .remaining()
            .is_none_or(|left| left > READ_MARGIN)
    }

    pub(crate) fn key(&self, kind: &str, id: &str) -> String {
        self.state
            .seal
            .key(&self.caller, &["conversation", &self.session, kind, id])
    }

    /// The id of a server request: sealed for the caller and the session, so that every process can verify it without
    /// reading the store. It is valid as long as the invocation that asks. `None` when the operating system is out of
    /// random bytes.
    pub(crate) fn question_id(&self) -> Option<String> {
        let lifetime = self
            .deadline
            .until_end()
            .map_or(LIFETIME, |left| left + CLOCKS);
        let parts = self.question_parts();
        self.state
            .seal
            .close_for(&self.caller, &parts, (), lifetime)
    }

    fn question_parts(&self) -> [&str; 2] {
        ["question", &self.session]
    }

    /// Stores the response to a server request of this session that has no response yet.
    pub(crate) async fn put_answer(
        &self,
        question: &RequestId,
        answer: &ClientJsonRpcMessage,
    ) -> Result<(), NotTaken> {
        let RequestId::String(question) = question else {
            return Err(NotTaken::NotAsked);
        };
        let opened = self
            .state
            .seal
            .open_for::<()>(&self.caller, &self.question_parts(), question);
        if opened.is_none() || self.answer(question).await?.is_some() {
            return Err(NotTaken::NotAsked);
        }
        let text = serde_json::to_string(answer).map_err(|_| StoreError::Nonsense)?;
        Ok(self.put("answer", question, text).await?)
    }

    /// Stores the cancellation of a client request with the beginning of its reason. Only the process that handles the
    /// request knows whether it exists.
    pub(crate) async fn put_cancellation(
        &self,
        call: &RequestId,
        reason: Option<&str>,
    ) -> Result<(), StoreError> {
        let reason = reason.unwrap_or_default();
        let kept = reason.chars().take(LONGEST_REASON).collect();
        self.put("cancelled", &call_name(call), kept).await
    }

    pub(crate) async fn answer(
        &self,
        question: &str,
    ) -> Result<Option<ClientJsonRpcMessage>, StoreError> {
        let text = self.get("answer", question).await?;
        text.map(|text| serde_json::from_str(&text).map_err(|_| StoreError::Nonsense))
            .transpose()
    }

    /// The reason of a cancellation; empty when the client gave none.
    pub(crate) async fn cancellation(
        &self,
        call: &RequestId,
    ) -> Result<Option<String>, StoreError> {
        self.get("cancelled", &call_name(call)).await
    }

    async fn put(&self, kind: &str, id: &str, text: String) -> Result<(), StoreError> {
        let kept = self.state.store.put(self.key(kind, id), text, TIME_TO_LIVE);
        self.within(Duration::ZERO, kept).await
    }

    async fn get(&self, kind: &str, id: &str) -> Result<Option<String>, StoreError> {
        let text = self.state.store.get(self.key(kind, id));
        self.within(READ_MARGIN, text).await
    }

    async fn within<T>(
        &self,
        margin: Duration,
        operation: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let left = self.deadline.remaining();
        let patience = left.map_or(PATIENCE, |left| left.saturating_sub(margin).min(PATIENCE));
        tokio::time::timeout(patience, operation)
            .await
            .unwrap_or(Err(StoreError::TooSlow))
    }
}

/// The client chooses these ids: the number 1 differs from the string "1".
fn call_name(id: &RequestId) -> String {
    match id {
        RequestId::Number(number) => format!("number {number}"),
        RequestId::String(text) => format!("text {text}"),
    }
}
