use std::time::Duration;

use rmcp::model::{ClientJsonRpcMessage, RequestId};

use crate::caller::Caller;
use crate::deadline::Deadline;
use crate::state::{State, StoreError};

/// How long an answer waits for the process that asked; no invocation is longer than the gateway's 15 minutes.
const TIME_TO_LIVE: Duration = Duration::from_secs(15 * 60);
/// Time for one operation of the store when the deadline leaves more.
const PATIENCE: Duration = Duration::from_secs(3);
/// Kept for the tool to say what it does without an answer.
pub(super) const READ_MARGIN: Duration = Duration::from_millis(500);

/// Where the messages of one conversation wait for the invocation that they are for. Every key has the caller's
/// identity in it, so another caller's message lies elsewhere, whatever it claims to answer.
#[derive(Clone)]
pub(super) struct Mailbox {
    pub(super) state: State,
    pub(super) caller: Caller,
    pub(super) conversation: String,
    pub(super) deadline: Deadline,
}

impl Mailbox {
    pub(super) fn new(
        state: State,
        caller: Caller,
        conversation: String,
        deadline: Deadline,
    ) -> Self {
        Self {
            state,
            caller,
            conversation,
            deadline,
        }
    }

    /// Whether anything can still be done before the deadline.
    pub(super) fn has_time(&self) -> bool {
        self.deadline
            .remaining()
            .is_none_or(|left| left > READ_MARGIN)
    }

    pub(super) fn key(&self, kind: &str, id: &str) -> String {
        self.state.seal.key(
            &self.caller,
            &["conversation", &self.conversation, kind, id],
        )
    }

    /// Keeps the answer to a question; the first one counts.
    pub(super) async fn put_answer(
        &self,
        question: &RequestId,
        answer: &ClientJsonRpcMessage,
    ) -> Result<(), StoreError> {
        self.put("answer", &question.to_string(), answer).await
    }

    /// Keeps the notification that a request of the client is cancelled.
    pub(super) async fn put_cancellation(
        &self,
        call: &RequestId,
        notification: &ClientJsonRpcMessage,
    ) -> Result<(), StoreError> {
        self.put("cancelled", &call_name(call), notification).await
    }

    pub(super) async fn answer(
        &self,
        question: &str,
    ) -> Result<Option<ClientJsonRpcMessage>, StoreError> {
        self.get("answer", question).await
    }

    pub(super) async fn cancellation(
        &self,
        call: &RequestId,
    ) -> Result<Option<ClientJsonRpcMessage>, StoreError> {
        self.get("cancelled", &call_name(call)).await
    }

    async fn put(
        &self,
        kind: &str,
        id: &str,
        message: &ClientJsonRpcMessage,
    ) -> Result<(), StoreError> {
        let text = serde_json::to_string(message).map_err(|_| StoreError::Nonsense)?;
        let kept = self.state.store.put(self.key(kind, id), text, TIME_TO_LIVE);
        self.within(Duration::ZERO, kept).await
    }

    async fn get(&self, kind: &str, id: &str) -> Result<Option<ClientJsonRpcMessage>, StoreError> {
        let text = self.state.store.get(self.key(kind, id));
        let text = self.within(READ_MARGIN, text).await?;
        text.map(|text| serde_json::from_str(&text).map_err(|_| StoreError::Nonsense))
            .transpose()
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

/// The client chooses these ids: the number 1 is another one than the text "1".
fn call_name(id: &RequestId) -> String {
    match id {
        RequestId::Number(number) => format!("number {number}"),
        RequestId::String(text) => format!("text {text}"),
    }
}
