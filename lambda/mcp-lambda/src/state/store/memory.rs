//! Implements the store in memory, for the plain HTTP mode.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};

use crate::state::store::item::{MAX_VALUE, seconds};
use crate::state::store::store_error::StoreError;
use crate::state::store::store_trait::Store;
use crate::state::store::version::{Version, Versioned};

/// Bytes of all items together.
const CAPACITY: usize = 256 * 1024 * 1024;
/// Approximate size of an item besides its key and its value: two entries in two collections.
const OVERHEAD: usize = 256;

/// A store for one process: the plain HTTP mode.
///
/// Holds [`CAPACITY`] bytes at most. Nothing is removed before it expires, because a session in use must not vanish: a
/// write without room is refused with [`StoreError::Full`].
pub(crate) struct MemoryStore {
    items: Mutex<Items>,
    capacity: usize,
    now: fn() -> SystemTime,
}

#[derive(Clone)]
struct Item {
    value: String,
    expires: u64,
    /// `None` for a value that is written once.
    version: Option<Version>,
}

/// Items by key, and their keys in the order in which they expire.
#[derive(Default)]
struct Items {
    by_key: HashMap<String, Item>,
    by_expiry: BTreeSet<(u64, String)>,
    bytes: usize,
}

impl Items {
    fn get(&self, key: &str) -> Option<&Item> {
        self.by_key.get(key)
    }

    fn insert(&mut self, key: String, item: Item, capacity: usize) -> Result<(), StoreError> {
        let replaced = self.get(&key).map_or(0, |held| size(&key, held));
        let bytes = self.bytes - replaced + size(&key, &item);
        if bytes > capacity {
            return Err(StoreError::Full);
        }
        self.remove(&key);
        self.bytes = bytes;
        self.by_expiry.insert((item.expires, key.clone()));
        self.by_key.insert(key, item);
        Ok(())
    }

    fn remove(&mut self, key: &str) {
        if let Some((key, item)) = self.by_key.remove_entry(key) {
            self.bytes -= size(&key, &item);
            self.by_expiry.remove(&(item.expires, key));
        }
    }

    /// Visits only expired items and the first that stays.
    fn remove_expired(&mut self, now: u64) {
        while let Some((expires, key)) = self.by_expiry.first()
            && *expires <= now
        {
            let key = key.clone();
            self.remove(&key);
        }
    }
}

/// The key is stored twice.
fn size(key: &str, item: &Item) -> usize {
    2 * key.len() + item.value.len() + OVERHEAD
}

impl MemoryStore {
    pub(crate) fn new(now: fn() -> SystemTime) -> Self {
        Self {
            items: Mutex::default(),
            capacity: CAPACITY,
            now,
        }
    }

    /// The items that have not expired; removes the others.
    fn items(&self) -> MutexGuard<'_, Items> {
        let mut items = self.items.lock().unwrap_or_else(PoisonError::into_inner);
        items.remove_expired(seconds((self.now)()));
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
        items.insert(key, item, self.capacity)
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
        let mut items = self.items();
        let put = if items.get(&key).is_some() {
            Ok(())
        } else {
            let item = Item {
                value,
                expires: self.expires_after(time_to_live),
                version: None,
            };
            items.insert(key, item, self.capacity)
        };
        ready(put).boxed()
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

    fn count(
        &self,
        key: String,
        limit: u32,
        expires: u64,
    ) -> BoxFuture<'_, Result<bool, StoreError>> {
        let mut items = self.items();
        let uses = items.get(&key).map_or(Ok(0), |item| item.value.parse());
        let counted = match uses {
            Err(_) => Err(StoreError::Nonsense),
            Ok(uses) if uses >= limit => Ok(false),
            Ok(uses) => {
                let value = (uses + 1).to_string();
                let version = None;
                let item = Item {
                    value,
                    expires,
                    version,
                };
                items.insert(key, item, self.capacity).map(|()| true)
            }
        };
        ready(counted).boxed()
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

    use super::{MemoryStore, OVERHEAD};
    use crate::state::store::item::MAX_VALUE;
    use crate::state::store::store_error::StoreError;
    use crate::state::store::store_trait::Store;
    use crate::state::store::version::{Version, Versioned};

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

    /// Keeps a value of 1,000 bytes once, as results and responses are stored.
    fn put(store: &MemoryStore, key: &str, time_to_live: Duration) -> Result<(), StoreError> {
        let put = store.put(key.to_owned(), "x".repeat(1000), time_to_live);
        put.now_or_never().unwrap()
    }

    fn is_held(store: &MemoryStore, key: &str) -> bool {
        let got = store.get(key.to_owned()).now_or_never().unwrap();
        got.unwrap().is_some()
    }

    #[test]
    fn a_full_store_refuses_what_is_new_and_loses_nothing_that_it_holds() {
        let mut store = store();
        store.capacity = 3 * (1000 + 2 + OVERHEAD);
        assert_eq!(put(&store, "a", 3 * MINUTE), Ok(()));
        assert_eq!(put(&store, "b", MINUTE), Ok(()));
        let first = Version::first().unwrap();
        assert_eq!(write(&store, "session", &first), Ok(()));
        assert_eq!(put(&store, "c", MINUTE), Err(StoreError::Full));
        let next = first.next().unwrap();
        let longer = "x".repeat(1001);
        assert_eq!(write(&store, &longer, &next), Err(StoreError::Full));
        assert_eq!(read(&store).unwrap().value, "session");
        assert_eq!(write(&store, "goes on", &next), Ok(()));
        assert_eq!(put(&store, "a", MINUTE), Ok(()), "it is there already");
        assert!(is_held(&store, "a") && is_held(&store, "b"));

        assert_eq!(delete(&store, &next), Ok(()));
        assert_eq!(put(&store, "c", 3 * MINUTE), Ok(()), "room again");
        assert_eq!(put(&store, "d", MINUTE), Err(StoreError::Full));
        store.now = || UNIX_EPOCH + MINUTE;
        assert_eq!(put(&store, "d", MINUTE), Ok(()), "b has expired");
        assert!(is_held(&store, "a") && !is_held(&store, "b"));
    }

    #[test]
    fn what_is_gone_takes_no_room() {
        let mut store = store();
        for key in ["a", "b", "c"] {
            put(&store, key, MINUTE).unwrap();
        }
        let first = Version::first().unwrap();
        write(&store, "first", &first).unwrap();
        delete(&store, &first).unwrap();
        store.now = || UNIX_EPOCH + MINUTE;
        let items = store.items();
        assert_eq!((items.by_key.len(), items.by_expiry.len()), (0, 0));
        assert_eq!(items.bytes, 0);
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
