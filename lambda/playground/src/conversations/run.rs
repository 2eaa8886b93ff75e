//! One runner for a conversation at a time, which every instance can stop.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::identifier::ConversationId;
use crate::person::Person;
use crate::playground::Playground;
use crate::problem::Problem;
use crate::store::{Key, TableError, When};

/// A runner that was killed holds a conversation so long.
const HELD: u64 = 20;
/// How often a runner looks whether it is to stop.
const LOOK: Duration = Duration::from_millis(500);
/// A runner renews after so many looks.
const RENEW: u32 = 10;

#[derive(Serialize, Deserialize)]
struct State {
    stop: bool,
}

/// The right to take a conversation on.
pub(crate) struct Run {
    playground: Arc<Playground>,
    key: Key,
    version: String,
}

fn key(person: &Person, id: &ConversationId) -> Key {
    Key::new(person.partition(), format!("run#{}", id.as_str()))
}

fn value(stop: bool) -> String {
    serde_json::to_string(&State { stop }).unwrap_or_default()
}

impl Playground {
    /// Takes the right, unless a runner has it.
    pub(crate) async fn run(
        self: &Arc<Self>,
        person: &Person,
        id: &ConversationId,
    ) -> Result<Run, Problem> {
        let key = key(person, id);
        let expires = self.seconds() + HELD;
        let table = self.table()?;
        let taken = table.put(key.clone(), value(false), expires, When::Absent);
        match taken.await {
            Ok(version) => Ok(Run {
                playground: Arc::clone(self),
                key,
                version,
            }),
            Err(TableError::Conflict) => Err(Problem::Busy),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether a runner takes the conversation on.
    pub(crate) async fn is_running(
        &self,
        person: &Person,
        id: &ConversationId,
    ) -> Result<bool, TableError> {
        let item = self.table()?.get(key(person, id)).await?;
        Ok(item.is_some())
    }

    /// Tells the runner, wherever it is, to stop.
    pub(crate) async fn stop(
        &self,
        person: &Person,
        id: &ConversationId,
    ) -> Result<(), TableError> {
        let table = self.table()?;
        // The runner may renew in between.
        for _ in 0..3 {
            let Some(item) = table.get(key(person, id)).await? else {
                return Ok(());
            };
            let when = When::Version(&item.version);
            let expires = self.seconds() + HELD;
            match table.put(key(person, id), value(true), expires, when).await {
                Err(TableError::Conflict) => {}
                stopped => return stopped.map(drop),
            }
        }
        Err(TableError::Conflict)
    }
}

impl Run {
    /// Renews until it is dropped; cancels `cancel` when the person wants it or the right is lost. Returns whether the person wants it.
    pub(crate) async fn watch(&mut self, cancel: &CancellationToken) -> bool {
        let mut looks = 0;
        loop {
            tokio::time::sleep(LOOK).await;
            let Ok(table) = self.playground.table() else {
                continue;
            };
            // A table that cannot be read for a moment stops nothing: the right lasts longer.
            let Ok(item) = table.get(self.key.clone()).await else {
                continue;
            };
            let Some(item) = item else {
                cancel.cancel();
                return false;
            };
            if item.version != self.version {
                self.version = item.version;
                cancel.cancel();
                let state: Option<State> = serde_json::from_str(&item.value).ok();
                return state.is_some_and(|state| state.stop);
            }
            looks += 1;
            if looks % RENEW == 0 {
                let expires = self.playground.seconds() + HELD;
                let when = When::Version(&self.version);
                let renewed = table.put(self.key.clone(), value(false), expires, when);
                if let Ok(version) = renewed.await {
                    self.version = version;
                }
            }
        }
    }

    /// Gives the right back, unless another runner has it by now.
    pub(crate) async fn release(self) {
        let Ok(table) = self.playground.table() else {
            return;
        };
        if let Ok(Some(item)) = table.get(self.key.clone()).await
            && item.version == self.version
        {
            // What stays behind expires.
            let _ = table.delete(self.key).await;
        }
    }
}
