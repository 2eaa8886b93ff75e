//! Defines the [`Store`] trait: values by key, with expiry and conditional writes.

use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::state::store_error::StoreError;
use crate::state::version::{Version, Versioned};

/// Texts by key, seen by every process of the function, until they expire.
///
/// Does not know whose a value is: whoever makes a key puts the caller's identity into it.
pub(crate) trait Store: Send + Sync {
    /// Keeps the value for this long. A value that is there already, and has not expired, stays as it is.
    fn put(
        &self,
        key: String,
        value: String,
        time_to_live: Duration,
    ) -> BoxFuture<'_, Result<(), StoreError>>;

    /// The value, unless it has expired.
    fn get(&self, key: String) -> BoxFuture<'_, Result<Option<String>, StoreError>>;

    /// The value of [`Store::write`] with its version, unless it has expired.
    fn read(&self, key: String) -> BoxFuture<'_, Result<Option<Versioned>, StoreError>>;

    /// Keeps the value for this long, under this version, when nothing has come in between: when there is no value
    /// for [`Version::first`], when the value is the version's predecessor for [`Version::next`]. What has expired is
    /// not there. Otherwise [`StoreError::Conflict`], and nothing has changed.
    ///
    /// After a failure that is transient the write may have happened. It can be repeated with the same version: what
    /// is written already is not written twice, and is no conflict.
    fn write(
        &self,
        key: String,
        value: String,
        time_to_live: Duration,
        version: Version,
    ) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Removes the value when it has this version, otherwise [`StoreError::Conflict`]. A value that is gone already
    /// is no conflict, so this can be repeated.
    fn delete(&self, key: String, version: Version) -> BoxFuture<'_, Result<(), StoreError>>;
}
