//! Reads, updates and removes session values with optimistic locking.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::state::session_state::error::{MAX_SESSION, SessionError};
use crate::state::session_state::item::has_ended;
use crate::state::session_state::slot::{Conversation, ValueSlot};
use crate::state::store::{Attempts, StoreError, Version, Versioned};

impl ValueSlot {
    pub(super) async fn read<T>(&self) -> Result<T, SessionError>
    where
        T: DeserializeOwned + Default,
    {
        if !self.may.is_any() {
            return Err(self.not_declared("reads_session()", "reads_person()"));
        }
        let conversation = self.conversation()?;
        if conversation == Conversation::New {
            return Ok(T::default());
        }
        let held = self
            .held(&conversation, &mut Attempts::until(self.deadline))
            .await
            .map_err(|problem| SessionError::nothing_changed(&problem))?;
        value_of(&conversation, held.as_ref())
    }

    pub(super) async fn update<T, R>(
        &self,
        mut change: impl FnMut(&mut T) -> R,
    ) -> Result<R, SessionError>
    where
        T: Serialize + DeserializeOwned + Default,
    {
        if !self.may.writes {
            return Err(self.not_declared("writes_session()", "writes_person()"));
        }
        let mut attempts = Attempts::until(self.deadline);
        let mut is_contended = false;
        loop {
            let conversation = self.conversation_to_write()?;
            // No other call knows a handle that has just been generated.
            let is_empty = matches!(conversation, Conversation::Chosen(_)) && !is_contended;
            let held = if is_empty {
                None
            } else {
                self.held(&conversation, &mut attempts)
                    .await
                    .map_err(|problem| SessionError::nothing_changed(&problem))?
            };
            let mut value = value_of(&conversation, held.as_ref())?;
            let result = change(&mut value);
            let text = serde_json::to_string(&value).map_err(|_| SessionError::NotThisType)?;
            if held.as_ref().is_some_and(|held| held.value == text) {
                return Ok(result);
            }
            if text.len() > MAX_SESSION {
                return Err(SessionError::TooLarge);
            }
            match self.write(&conversation, held, text, &mut attempts).await {
                Ok(()) => {
                    self.has_written();
                    return Ok(result);
                }
                Err(StoreError::Conflict) => {
                    is_contended = true;
                    if !attempts.after_conflict().await {
                        return Err(SessionError::Contended);
                    }
                }
                Err(problem) => return Err(SessionError::after_write(&problem, &attempts)),
            }
        }
    }

    pub(super) async fn end(&self) -> Result<(), SessionError> {
        if !self.may.ends {
            return Err(self.not_declared("ends_session()", "removes_person()"));
        }
        let conversation = self.conversation()?;
        let mut attempts = Attempts::until(self.deadline);
        loop {
            let held = self
                .held(&conversation, &mut attempts)
                .await
                .map_err(|problem| SessionError::nothing_changed(&problem))?;
            let held = held.filter(|held| !has_ended(held));
            let (Some(held), Some(key)) = (held, self.key(&conversation)) else {
                return Ok(());
            };
            let delete = || self.state.store.delete(key.clone(), held.version.clone());
            match attempts.run(delete).await {
                Ok(()) => return Ok(()),
                Err(StoreError::Conflict) => {
                    if !attempts.after_conflict().await {
                        return Err(SessionError::Contended);
                    }
                }
                Err(problem) => return Err(SessionError::after_write(&problem, &attempts)),
            }
        }
    }

    async fn held(
        &self,
        conversation: &Conversation,
        attempts: &mut Attempts,
    ) -> Result<Option<Versioned>, StoreError> {
        if let Some(found) = self.take_found(conversation) {
            return Ok(found);
        }
        let Some(key) = self.key(conversation) else {
            return Ok(None);
        };
        attempts.run(|| self.state.store.read(key.clone())).await
    }

    /// Every attempt is the same write, which takes effect once.
    async fn write(
        &self,
        conversation: &Conversation,
        held: Option<Versioned>,
        text: String,
        attempts: &mut Attempts,
    ) -> Result<(), StoreError> {
        let version = match held {
            Some(held) => held.version.next()?,
            None => Version::first()?,
        };
        let key = self.key(conversation).ok_or(StoreError::Nonsense)?;
        attempts
            .run(|| {
                let (key, text) = (key.clone(), text.clone());
                let store = &self.state.store;
                store.write(key, text, self.time_to_live, version.clone())
            })
            .await
    }
}

fn value_of<T: DeserializeOwned + Default>(
    conversation: &Conversation,
    held: Option<&Versioned>,
) -> Result<T, SessionError> {
    match (conversation, held) {
        // Another request has ended the session during this one.
        (_, Some(held)) if has_ended(held) => Err(SessionError::UnknownConversation),
        (_, Some(held)) => serde_json::from_str(&held.value).map_err(|_| SessionError::NotThisType),
        (Conversation::Handle(_), None) => Err(SessionError::UnknownConversation),
        (_, None) => Ok(T::default()),
    }
}
