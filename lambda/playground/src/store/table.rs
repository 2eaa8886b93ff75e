//! What the rest of the program needs of a table.

use futures_util::future::BoxFuture;

/// The largest value: an item of DynamoDB has 400 KB at most, its keys and attributes included.
pub(crate) const LARGEST: usize = 350 * 1024;

/// The partition key and the sort key of an item.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) partition: String,
    pub(crate) sort: String,
}

impl Key {
    pub(crate) fn new(partition: impl Into<String>, sort: impl Into<String>) -> Self {
        Self {
            partition: partition.into(),
            sort: sort.into(),
        }
    }
}

/// An item that has not expired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) sort: String,
    pub(crate) value: String,
    /// The write that made it.
    pub(crate) version: String,
}

/// When a write happens.
#[derive(Clone, Copy, Debug)]
pub(crate) enum When<'a> {
    /// In any case.
    Always,
    /// If there is no item, or an expired one.
    Absent,
    /// If the item is of this version.
    Version(&'a str),
}

/// Why the table does not do what it is to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TableError {
    /// The condition does not hold.
    #[error("somebody else has changed it")]
    Conflict,
    /// The value does not fit into an item.
    #[error("it is larger than an item can be")]
    TooLarge,
    /// The table cannot be used now.
    #[error("the table cannot be used: {0}")]
    Unavailable(String),
}

/// A table.
pub(crate) trait Table: Send + Sync {
    /// The item, unless there is none or it has expired.
    fn get(&self, key: Key) -> BoxFuture<'_, Result<Option<Item>, TableError>>;

    /// Writes an item that expires at `expires` (seconds since 1970), and returns its version.
    fn put<'a>(
        &'a self,
        key: Key,
        value: String,
        expires: u64,
        when: When<'a>,
    ) -> BoxFuture<'a, Result<String, TableError>>;

    /// Deletes an item; there may be none.
    fn delete(&self, key: Key) -> BoxFuture<'_, Result<(), TableError>>;

    /// The items of a partition whose sort keys begin with `prefix`, in their order.
    fn list(
        &self,
        partition: String,
        prefix: &'static str,
    ) -> BoxFuture<'_, Result<Vec<Item>, TableError>>;

    /// Adds to a counter and returns whether it was below `limit` before. At the limit, nothing is added.
    fn count(
        &self,
        key: Key,
        amount: u64,
        limit: u64,
        expires: u64,
    ) -> BoxFuture<'_, Result<bool, TableError>>;
}
