//! Wraps a DynamoDB store so that each operation is a client span.

use std::borrow::Cow;
use std::time::Duration;

use crate::runtime::client_span::Call;
use crate::state::store::store_error::StoreError;
use crate::state::store::store_trait::Store;
use crate::state::store::version::{Version, Versioned};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
/// A store in DynamoDB whose operations are client spans (semantic conventions for DynamoDB). They contain no keys or
/// values.
pub(super) struct TracedStore<S> {
    store: S,
    table: String,
}

impl<S: Store> TracedStore<S> {
    pub(super) fn new(store: S, table: String) -> Self {
        Self { store, table }
    }

    fn operation<'a, T: Send + 'a>(
        &'a self,
        operation: &'static str,
        result: BoxFuture<'a, Result<T, StoreError>>,
    ) -> BoxFuture<'a, Result<T, StoreError>> {
        let describe = move || {
            Call::new(format!("{operation} {}", self.table))
                .text("db.system.name", "aws.dynamodb")
                .text("db.operation.name", operation)
                .text("db.collection.name", self.table.clone())
        };
        Call::record(describe, result, problem).boxed()
    }
}

/// The class of an error. A conflict is not an error: conditional writes are meant to detect it.
fn problem(error: &StoreError) -> Option<Cow<'static, str>> {
    Some(match error {
        StoreError::Conflict => return None,
        StoreError::AccessDenied { .. } => "AccessDeniedException".into(),
        StoreError::Throttled => "ThrottlingException".into(),
        StoreError::TableMissing => "ResourceNotFoundException".into(),
        StoreError::TooSlow => "timeout".into(),
        StoreError::Unreachable => "unreachable".into(),
        StoreError::Failed => "InternalServerError".into(),
        StoreError::TooLarge => "too_large".into(),
        StoreError::Refused(code) => code.clone().into(),
        StoreError::Nonsense => "unreadable_item".into(),
        StoreError::Full => "full".into(),
        StoreError::NoRandomness => "no_randomness".into(),
    })
}

impl<S: Store> Store for TracedStore<S> {
    fn put(
        &self,
        key: String,
        value: String,
        time_to_live: Duration,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        self.operation("PutItem", self.store.put(key, value, time_to_live))
    }

    fn get(&self, key: String) -> BoxFuture<'_, Result<Option<String>, StoreError>> {
        self.operation("GetItem", self.store.get(key))
    }

    fn read(&self, key: String) -> BoxFuture<'_, Result<Option<Versioned>, StoreError>> {
        self.operation("GetItem", self.store.read(key))
    }

    fn write(
        &self,
        key: String,
        value: String,
        time_to_live: Duration,
        version: Version,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        let written = self.store.write(key, value, time_to_live, version);
        self.operation("PutItem", written)
    }

    fn count(
        &self,
        key: String,
        limit: u32,
        expires: u64,
    ) -> BoxFuture<'_, Result<bool, StoreError>> {
        self.operation("UpdateItem", self.store.count(key, limit, expires))
    }

    fn delete(&self, key: String, version: Version) -> BoxFuture<'_, Result<(), StoreError>> {
        self.operation("DeleteItem", self.store.delete(key, version))
    }
}
