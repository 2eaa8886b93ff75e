use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};

use crate::state::store::{MAX_VALUE, Store, StoreError, seconds};
use crate::state::version::{Version, Versioned};

/// A store for one process: the plain HTTP mode.
pub(crate) struct MemoryStore {
    items: Mutex<HashMap<String, Item>>,
    now: fn() -> SystemTime,
}

#[derive(Clone)]
struct Item {
    value: String,
    expires: u64,
    /// `None` for a value that is written once.
    version: Option<Version>,
}

impl MemoryStore {
    pub(crate) fn new(now: fn() -> SystemTime) -> Self {
        Self {
            items: Mutex::default(),
            now,
        }
    }

    /// The items that have not expired. Nobody else removes the others.
    fn items(&self) -> MutexGuard<'_, HashMap<String, Item>> {
        let now = seconds((self.now)());
        let mut items = self.items.lock().unwrap_or_else(PoisonError::into_inner);
        items.retain(|_, item| item.expires > now);
        items
    }

    fn expires_after(&self, time_to_live: Duration) -> u64 {
        seconds((self.now)()).saturating_add(time_to_live.as_secs())
    }

    fn write_now(
        &self,
        key: String,
        value: String,
        time_to_live: Duration,
        version: Version,
    ) -> Result<(), StoreError> {
        if value.len() > MAX_VALUE {
            return Err(StoreError::TooLarge);
        }
        let mut items = self.items();
        let held = items.get(&key).map(|item| item.version.as_ref());
        let is_written = held.flatten().is_some_and(|held| version.is_in(held));
        let is_next = match (held, version.replaces()) {
            (None, None) => true,
            (Some(Some(held)), Some(replaced)) => held.id() == replaced,
            (None, Some(_)) | (Some(_), None) | (Some(None), Some(_)) => false,
        };
        if is_written {
            return Ok(());
        }
        if !is_next {
            return Err(StoreError::Conflict);
        }
        let item = Item {
            value,
            expires: self.expires_after(time_to_live),
            version: Some(version),
        };
        items.insert(key, item);
        Ok(())
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
        self.items().entry(key).or_insert(Item {
            value,
            expires: self.expires_after(time_to_live),
            version: None,
        });
        ready(Ok(())).boxed()
    }

    fn get(&self, key: String) -> BoxFuture<'_, Result<Option<String>, StoreError>> {
        ready(Ok(self.items().get(&key).map(|item| item.value.clone()))).boxed()
    }

    fn read(&self, key: String) -> BoxFuture<'_, Result<Option<Versioned>, StoreError>> {
        let item = self.items().get(&key).cloned();
        let value = item.map(|item| {
            Ok(Versioned {
                value: item.value,
                version: item.version.ok_or(StoreError::Nonsense)?,
            })
        });
        ready(value.transpose()).boxed()
    }

    fn write(
        &self,
        key: String,
        value: String,
        time_to_live: Duration,
        version: Version,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        ready(self.write_now(key, value, time_to_live, version)).boxed()
    }

    fn delete(&self, key: String, version: Version) -> BoxFuture<'_, Result<(), StoreError>> {
        let mut items = self.items();
        let held = items.get(&key).map(|item| item.version.as_ref());
        let deleted = match held {
            None => Ok(()),
            Some(Some(held)) if held.id() == version.id() => {
                items.remove(&key);
                Ok(())
            }
            Some(_) => Err(StoreError::Conflict),
        };
        ready(deleted).boxed()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use futures_util::FutureExt;

    use super::MemoryStore;
    use crate::state::store::{MAX_VALUE, Store, StoreError};
    use crate::state::version::{Version, Versioned};

    const MINUTE: Duration = Duration::from_secs(60);

    fn store() -> MemoryStore {
        MemoryStore::new(|| UNIX_EPOCH)
    }

    fn write(store: &MemoryStore, value: &str, version: &Version) -> Result<(), StoreError> {
        let written = store.write("key".to_owned(), value.to_owned(), MINUTE, version.clone());
        written.now_or_never().unwrap()
    }

    fn read(store: &MemoryStore) -> Option<Versioned> {
        let read = store.read("key".to_owned()).now_or_never().unwrap();
        read.unwrap()
    }

    fn delete(store: &MemoryStore, version: &Version) -> Result<(), StoreError> {
        let deleted = store.delete("key".to_owned(), version.clone());
        deleted.now_or_never().unwrap()
    }

    #[test]
    fn takes_each_step_of_a_value_from_one_writer_only() {
        let store = store();
        let (mine, theirs) = (Version::first().unwrap(), Version::first().unwrap());
        assert_eq!(write(&store, "mine", &mine), Ok(()));
        assert_eq!(write(&store, "theirs", &theirs), Err(StoreError::Conflict));
        let (mine, theirs) = (mine.next().unwrap(), mine.next().unwrap());
        assert_eq!(write(&store, "theirs", &theirs), Ok(()));
        assert_eq!(write(&store, "mine", &mine), Err(StoreError::Conflict));
        let held = read(&store).unwrap();
        assert_eq!((held.value.as_str(), &held.version), ("theirs", &theirs));
    }

    #[test]
    fn knows_a_write_again_also_after_others() {
        let store = store();
        let mine = Version::first().unwrap();
        write(&store, "mine", &mine).unwrap();
        write(&store, "theirs", &mine.next().unwrap()).unwrap();
        assert_eq!(write(&store, "mine", &mine), Ok(()));
        assert_eq!(read(&store).unwrap().value, "theirs");
    }

    #[test]
    fn deletes_the_version_that_was_meant_once_or_again() {
        let store = store();
        let first = Version::first().unwrap();
        write(&store, "first", &first).unwrap();
        let second = first.next().unwrap();
        write(&store, "second", &second).unwrap();
        assert_eq!(delete(&store, &first), Err(StoreError::Conflict));
        assert_eq!(delete(&store, &second), Ok(()));
        assert_eq!(read(&store), None);
        assert_eq!(delete(&store, &second), Ok(()));
        let third = second.next().unwrap();
        assert_eq!(write(&store, "third", &third), Err(StoreError::Conflict));
    }

    #[test]
    fn what_has_expired_is_not_there() {
        let mut store = store();
        let first = Version::first().unwrap();
        write(&store, "first", &first).unwrap();
        store.now = || UNIX_EPOCH + MINUTE;
        assert_eq!(read(&store), None);
        let next = first.next().unwrap();
        assert_eq!(write(&store, "next", &next), Err(StoreError::Conflict));
        assert_eq!(write(&store, "anew", &Version::first().unwrap()), Ok(()));
    }

    #[test]
    fn refuses_a_value_that_no_item_can_hold() {
        let store = store();
        let long = "x".repeat(MAX_VALUE + 1);
        let first = Version::first().unwrap();
        assert_eq!(write(&store, &long, &first), Err(StoreError::TooLarge));
        assert_eq!(write(&store, &long[1..], &first), Ok(()));
    }
}
