//! Watches the directories of the sources.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::sources::{Change, WatchedSources, has_sources};

/// How long nothing must change before a change counts as done: editors and version control write several files.
const QUIET: Duration = Duration::from_millis(120);

/// The running watch.
pub(crate) struct Watch {
    watcher: RecommendedWatcher,
    changed: UnboundedReceiver<PathBuf>,
    sources: WatchedSources,
    watched: BTreeSet<PathBuf>,
}

impl Watch {
    /// Watches the sources from now on.
    pub(crate) fn start(sources: WatchedSources) -> notify::Result<Self> {
        let (sender, changed) = unbounded_channel();
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            let Ok(event) = event else {
                return;
            };
            if !matches!(event.kind, EventKind::Access(_)) {
                for path in event.paths {
                    // The other end is gone when the program ends.
                    let _ = sender.send(path);
                }
            }
        })?;
        let mut watch = Self {
            watcher,
            changed,
            sources: WatchedSources::default(),
            watched: BTreeSet::new(),
        };
        watch.update(sources)?;
        Ok(watch)
    }

    /// Watches other sources from now on.
    pub(crate) fn update(&mut self, sources: WatchedSources) -> notify::Result<()> {
        self.sources = sources;
        let roots: Vec<PathBuf> = self
            .sources
            .roots()
            .into_iter()
            .map(Path::to_owned)
            .collect();
        for root in roots {
            self.watch(&root)?;
        }
        Ok(())
    }

    /// Watches a directory and those below it that have sources: not one watch for all, which would watch what was made from
    /// them too.
    fn watch(&mut self, directory: &Path) -> notify::Result<()> {
        let mut open = vec![directory.to_owned()];
        while let Some(directory) = open.pop() {
            if !self.watched.contains(&directory) {
                self.watcher
                    .watch(&directory, RecursiveMode::NonRecursive)?;
                self.watched.insert(directory.clone());
            }
            let entries = std::fs::read_dir(&directory)
                .into_iter()
                .flatten()
                .flatten();
            let below = entries.filter(|entry| {
                entry.file_type().is_ok_and(|kind| kind.is_dir()) && has_sources(&entry.file_name())
            });
            open.extend(below.map(|entry| entry.path()));
        }
        Ok(())
    }

    /// Waits for the next change, until nothing changes any more.
    pub(crate) async fn next(&mut self) -> Change {
        let mut change = Change::default();
        loop {
            let path = if change.files.is_empty() {
                self.changed.recv().await
            } else {
                match tokio::time::timeout(QUIET, self.changed.recv()).await {
                    Ok(path) => path,
                    Err(_) => return change,
                }
            };
            let Some(path) = path else {
                return std::future::pending().await;
            };
            if path.is_dir() {
                // A new directory; it may have files already.
                if path.file_name().is_some_and(has_sources) && self.watch(&path).is_ok() {
                    let files = std::fs::read_dir(&path).into_iter().flatten().flatten();
                    for file in files.filter(|entry| entry.path().is_file()) {
                        self.sources.add(&file.path(), &mut change);
                    }
                }
            } else {
                self.sources.add(&path, &mut change);
            }
        }
    }
}
