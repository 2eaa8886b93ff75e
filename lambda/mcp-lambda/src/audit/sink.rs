//! Defines the [`Sink`] trait: where the lines of an audit trail go.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::runtime::log_stream::{LogStream, LogStreamError};

/// Takes the lines of one chain, in their order. Lines may arrive twice.
pub(super) trait Sink: Send + Sync {
    /// Makes sure that there is something to append to.
    fn open(&self) -> BoxFuture<'_, Result<(), LogStreamError>>;

    fn append<'a>(&'a self, lines: &'a [&'a str]) -> BoxFuture<'a, Result<(), LogStreamError>>;
}

impl Sink for LogStream {
    fn open(&self) -> BoxFuture<'_, Result<(), LogStreamError>> {
        LogStream::open(self).boxed()
    }

    fn append<'a>(&'a self, lines: &'a [&'a str]) -> BoxFuture<'a, Result<(), LogStreamError>> {
        LogStream::append(self, lines).boxed()
    }
}
