//! A table that ends with the process: for one machine.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};

use super::table::{Item, Key, LARGEST, Table, TableError, When};
use super::version::version;
use crate::clock::seconds;

/// A table in memory.
pub(crate) struct MemoryTable {
    items: Mutex<BTreeMap<Key, Held>>,
    now: fn() -> SystemTime,
}

struct Held {
    value: String,
    version: String,
    number: u64,
    expires: u64,
}

impl MemoryTable {
    pub(crate) fn new(now: fn() -> SystemTime) -> Self {
        Self {
            items: Mutex::default(),
            now,
        }
    }

    /// The items without those that have expired.
    fn living(&self) -> MutexGuard<'_, BTreeMap<Key, Held>> {
        let mut items = self.items.lock().unwrap_or_else(PoisonError::into_inner);
        let now = seconds((self.now)());
        items.retain(|_, held| held.expires > now);
        items
    }

    fn write(
        &self,
        key: Key,
        value: String,
        expires: u64,
        when: When<'_>,
    ) -> Result<String, TableError> {
        if value.len() > LARGEST {
            return Err(TableError::TooLarge);
        }
        let mut items = self.living();
        let holds = match (when, items.get(&key)) {
            (When::Always, _) | (When::Absent, None) => true,
            (When::Absent, Some(_)) | (When::Version(_), None) => false,
            (When::Version(version), Some(held)) => held.version == version,
        };
        if !holds {
            return Err(TableError::Conflict);
        }
        let version = version()?;
        let held = Held {
            value,
            version: version.clone(),
            number: 0,
            expires,
        };
        items.insert(key, held);
        Ok(version)
    }
}

impl Table for MemoryTable {
    fn get(&self, key: Key) -> BoxFuture<'_, Result<Option<Item>, TableError>> {
        let items = self.living();
        let item = items.get(&key).map(|held| item(&key, held));
        ready(Ok(item)).boxed()
    }

    fn put<'a>(
        &'a self,
        key: Key,
        value: String,
        expires: u64,
        when: When<'a>,
    ) -> BoxFuture<'a, Result<String, TableError>> {
        ready(self.write(key, value, expires, when)).boxed()
    }

    fn delete(&self, key: Key) -> BoxFuture<'_, Result<(), TableError>> {
        self.living().remove(&key);
        ready(Ok(())).boxed()
    }

    fn list(
        &self,
        partition: String,
        prefix: &'static str,
    ) -> BoxFuture<'_, Result<Vec<Item>, TableError>> {
        let items = self.living();
        let found = items
            .iter()
            .filter(|(key, _)| key.partition == partition && key.sort.starts_with(prefix));
        let found = found.map(|(key, held)| item(key, held)).collect();
        ready(Ok(found)).boxed()
    }

    fn count(
        &self,
        key: Key,
        amount: u64,
        limit: u64,
        expires: u64,
    ) -> BoxFuture<'_, Result<bool, TableError>> {
        let mut items = self.living();
        let held = items.entry(key).or_insert_with(|| Held {
            value: String::new(),
            version: String::new(),
            number: 0,
            expires,
        });
        let below = held.number < limit;
        if below {
            held.number += amount;
        }
        ready(Ok(below)).boxed()
    }
}

fn item(key: &Key, held: &Held) -> Item {
    Item {
        sort: key.sort.clone(),
        value: held.value.clone(),
        version: held.version.clone(),
    }
}
