//! Waits for changes of the sources.

mod sources;
mod watcher;

pub(crate) use self::sources::{Change, WatchedSources};
pub(crate) use self::watcher::Watch;
