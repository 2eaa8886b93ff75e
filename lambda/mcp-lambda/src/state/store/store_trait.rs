//! Defines the [`Store`] trait: values by key, with expiry and conditional writes.

use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::state::store::store_error::StoreError;
use crate::state::store::version::{Version, Versioned};

/// Texts by key, seen by every process of the function, until they expire.
///
/// Does not know the owner of a value: the key must contain the caller's identity.
pub(crate) trait Store: Send + Sync {
    /// Stores the value for this long. An existing value that has not expired stays unchanged.
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

    /// Stores the value for this long, with this version, if no other write came in between: if there is no value for
    /// [`Version::first`], or if the value is the version's predecessor for [`Version::next`]. Expired values count as
    /// absent. Otherwise [`StoreError::Conflict`], and nothing has changed.
    ///
    /// After a transient failure the write may have taken effect. It can be repeated with the same version: it is not
    /// written twice, and is no conflict.
    fn write(
        &self,
        key: String,
        value: String,
        time_to_live: Duration,
        version: Version,
    ) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Counts one use under the key and returns whether it is within the limit; a use above it is not counted. The counter
    /// is kept until `expires`, in seconds since 1970.
    ///
    /// After a transient failure the use may have been counted, and may be counted twice when this is repeated. Never more
    /// uses than the limit are within it.
    fn count(
        &self,
        key: String,
        limit: u32,
        expires: u64,
    ) -> BoxFuture<'_, Result<bool, StoreError>>;

    /// Removes the value when it has this version, otherwise [`StoreError::Conflict`]. An absent value is no conflict,
    /// so this can be repeated.
    fn delete(&self, key: String, version: Version) -> BoxFuture<'_, Result<(), StoreError>>;
}
