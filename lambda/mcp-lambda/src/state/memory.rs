use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};

use crate::state::store::{MAX_VALUE, Store, StoreError, seconds};

/// A store for one process: the plain HTTP mode.
pub(super) struct MemoryStore {
    items: Mutex<HashMap<String, (String, u64)>>,
    now: fn() -> SystemTime,
}

impl MemoryStore {
    pub(super) fn new(now: fn() -> SystemTime) -> Self {
        Self {
            items: Mutex::default(),
            now,
        }
    }
}

impl Store for MemoryStore {
    fn put(
        &self,
        key: String,
        value: String,
        time_to_live: Duration,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        if value.len() > MAX_VALUE {
            return ready(Err(StoreError::TooLarge)).boxed();
        }
        let now = seconds((self.now)());
        let mut items = self.items.lock().unwrap_or_else(PoisonError::into_inner);
        // Nobody else removes what has expired.
        items.retain(|_, (_, expires)| *expires > now);
        items
            .entry(key)
            .or_insert((value, now.saturating_add(time_to_live.as_secs())));
        ready(Ok(())).boxed()
    }

    fn get(&self, key: String) -> BoxFuture<'_, Result<Option<String>, StoreError>> {
        let now = seconds((self.now)());
        let items = self.items.lock().unwrap_or_else(PoisonError::into_inner);
        let value = items
            .get(&key)
            .filter(|(_, expires)| *expires > now)
            .map(|(value, _)| value.clone());
        ready(Ok(value)).boxed()
    }
}
