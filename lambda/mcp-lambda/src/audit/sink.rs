//! Defines the [`Sink`] trait: where the lines of an audit trail go.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::runtime::log_stream::{LogStream, LogStreamError};

/// Takes the lines of one chain, in their order. Lines may arrive twice.
pub(super) trait Sink: Send + Sync {
    fn append<'a>(&'a self, lines: &'a [&'a str]) -> BoxFuture<'a, Result<(), LogStreamError>>;
}

impl Sink for LogStream {
    fn append<'a>(&'a self, lines: &'a [&'a str]) -> BoxFuture<'a, Result<(), LogStreamError>> {
        LogStream::append(self, lines).boxed()
    }
}
